-- Volati's own role in PostgreSQL, with just what it needs. An administrator runs it once, in the platform's database:
--
--   psql -h HOST -U ADMIN -d volaticloud -v ON_ERROR_STOP=1 -f deploy/database/role.sql
--
-- and gives it a password, which psql asks for and shows nobody:  \password volati
-- Without `-v act=off` people may also cancel statements and end sessions through Volati, under guard.
\if :{?act}
\else
  \set act on
\endif

-- It may log in and nothing else. Each process of the bot holds `postgres.connections` at most (1 to 3); the rest is for
-- sessions that were let go and that the server has not noticed yet.
CREATE ROLE volati LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 6;

-- Every session of it is read-only, waits for no lock and ends what takes long, also where somebody else logs in with it.
ALTER ROLE volati SET default_transaction_read_only = on;
ALTER ROLE volati SET lock_timeout = '100ms';
ALTER ROLE volati SET statement_timeout = '10s';
ALTER ROLE volati SET idle_in_transaction_session_timeout = '10s';

SELECT format('GRANT CONNECT ON DATABASE %I TO volati', current_database()) \gexec

-- To look: sessions, locks and statistics of everybody. It reads no row of any table of the platform's.
GRANT pg_monitor TO volati;

-- To act: cancel statements and end sessions of everybody who is no superuser.
\if :act
GRANT pg_signal_backend TO volati;
\endif
