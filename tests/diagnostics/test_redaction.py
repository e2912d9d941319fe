"""Tests of redaction by example: lines that leak, lines that do not, and what the outlet promises besides."""

import base64
import dataclasses
import datetime as dt
import enum
import json
import time
import urllib.parse
from typing import Any, NamedTuple

import msgspec
import pytest

from diagnostics.redaction import KnownSecret, Masked, Redactor, mask

JWT = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ2b2xhdGljbG91ZC1hcGkifQ.c2lnbmF0dXJlLXZhbHVlLTEyMw"
JWE = (
    "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2"
    "ojaHV7LFpZ.48V1_ALb6US04U3b.5eym8TW_c8SuK0.XFBoMYUZodetZ"
)
PEM_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
PEM = f"-----BEGIN PRIVATE KEY-----\n{PEM_BODY}\nab12==\n-----END PRIVATE KEY-----"
BASIC = base64.b64encode(b"volaticloud-api:s3cr3t-Value").decode()
KEY64 = "pQ7xK2mV9sL4tR8wB3nY6zC1dF5gH0jAeUiOoPqXwZvNkMlJhGfDsTaYbRcEuIqW"  # as an exchange gives them
HEX32 = "4f9b1c7e2a8d4036b5e9f1a2c3d4e5f6"
TELEGRAM = "1234567890:AAHk3jd83kdjWq92kd0sLqpZm4nVbXcYt7_"

# A line, and what must not be in it any more.
LEAKS: tuple[tuple[str, str], ...] = (
    # Names and values, as configuration, logs and programs write them.
    ("PASSWORD=hunter", "hunter"),
    ("export PGPASSWORD=Tr0ub4dor&3", "Tr0ub4dor"),
    ("VOLATICLOUD_KEYCLOAK_CLIENT_SECRET=abcdef", "abcdef"),
    ("DB_PASS: swordfish", "swordfish"),
    ("password: hunter", "hunter"),
    ("password: 12345", "12345"),
    ("password: correct horse battery staple", "battery"),
    ("password = correct horse", "horse"),
    ("wordpressPassword: 'abc'", "abc"),
    ('  wordpressPassword: "a\'bc"', "a'bc"),
    ("password: 'it''s me'", "s me"),
    ("password: |\n  first line\n  second line\nuser: bob", "second line"),
    ('{"password": "x1"}', "x1"),
    ('{"password" : "a\\"b,c"}', "b,c"),
    ('{"password":"cut off in the mid', "cut off"),
    ('{"log":"{\\"password\\":\\"qwerty\\"}"}', "qwerty"),
    ('"{\\\\\\"password\\\\\\":\\\\\\"qwerty\\\\\\"}"', "qwerty"),
    ('msg="{\\"clientSecret\\":\\"ab\\\\\\"cd\\"}"', "cd"),
    ("{'password': 'abc', 'user': 'bob'}", "abc"),
    ("{Host:db User:volati Password:hunter2 SSL:false}", "hunter2"),
    ("&{Username:volati Password:hunter2}", "hunter2"),
    ("Config(password=hunter2, user=bob)", "hunter2"),
    ("level=info msg=connect user=volati password=hunter2 host=db", "hunter2"),
    ("\x1b[36mpassword=\x1b[0mhunter2 \x1b[36muser=\x1b[0mbob", "hunter2"),
    ("\x1b[36mpassword\x1b[0m=hunter2", "hunter2"),
    ("login with user bob password: hunter from 10.0.0.1", "hunter"),
    ("the new password: Tr0ub4dor was set", "Tr0ub4dor"),
    ("*password*: `hunter2`", "hunter2"),
    ("- name: DB_PASSWORD\n  value: swordfish", "swordfish"),
    ('- name: CLIENT_SECRET\n  value: "sword fish"\n', "fish"),
    ('{"name":"DB_PASSWORD","value":"swordfish"}', "swordfish"),
    ('{\\"name\\":\\"DB_PASSWORD\\",\\"value\\":\\"swordfish\\"}', "swordfish"),
    ("{Name:DB_PASSWORD Value:swordfish ValueFrom:nil}", "swordfish"),
    ("<password>swordfish</password>", "swordfish"),
    ('<input name="password" value="swordfish">', "swordfish"),
    ('password := "swordfish"', "swordfish"),
    ("'password' => 'swordfish'", "swordfish"),
    ("spring.datasource.password=swordfish", "swordfish"),
    ("user[password]=swordfish&x=1", "swordfish"),
    ("PATH=/bin\x00PASSWORD=swordfish\x00HOME=/", "swordfish"),
    ("kubectl create secret generic x --from-literal=password=swordfish", "swordfish"),
    ("kcadm.sh config credentials --user admin --password swordfish", "swordfish"),
    ("--client-secret swordfish --realm volaticloud", "swordfish"),
    ("userPassword: {SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "W6ph5Mm5"),
    ("requirepass swordfish", "swordfish"),
    ("ALTER USER volati WITH PASSWORD 'swordfish';", "swordfish"),
    ("STATEMENT:  CREATE ROLE x LOGIN ENCRYPTED PASSWORD 'md5abc'", "md5abc"),
    ("curl -u volati:swordfish https://h/", "swordfish"),
    # Forms and addresses.
    ("grant_type=client_credentials&client_id=api&client_secret=abcdef&scope=x", "abcdef"),
    ("POST /token client_secret%3Dabcdef%26scope%3Dopenid", "abcdef"),
    ("GET /cb?state=1&code=3f2a7b90-1111-4c4c-9c9c-abcdefabcdef.7f.8a&x=1", "3f2a7b90"),
    ("GET /x?access_token=abcdef&y=1 HTTP/1.1", "abcdef"),
    ("refresh_token=abcdef", "abcdef"),
    ("redirect=https%3A%2F%2Fh%2F%3Ftoken%3Dabcdef%26y%3D1", "abcdef"),
    ("password=aB%26swordfish", "swordfish"),
    ("grant_type=password&password=aB%26x%3Dswordfish&scope=openid", "swordfish"),
    ("r=https%3A%2F%2Fh%2F%3Fpassword%3DaB%2526swordfish%26y%3D1", "swordfish"),
    ("r=https%3A%2F%2Fh%2F%3Fpassword%3DaB%26swordfish", "swordfish"),
    ("postgresql://volati:swordfish@db:5432/volati?sslmode=disable", "swordfish"),
    ("postgres://volati:p@ss/w#rd@db:5432/volati", "w#rd"),
    ("postgres://volati:p%40ss@db/volati", "p%40ss"),
    ("redis://:swordfish@redis:6379/0", "swordfish"),
    ("https://bob:swordfish@example.com/path", "swordfish"),
    ("url=postgresql%3A%2F%2Fvolati%3Aswordfish%40db%2Fx", "swordfish"),
    ("postgresql://volati:swordfi", "swordfi"),
    ('parse "postgres://volati:pa": invalid port ":pa#ss" after host', "pa#ss"),
    ("root:swordfish@tcp(127.0.0.1:3306)/db", "swordfish"),
    ("host=db user=volati password=swordfish dbname=x", "swordfish"),
    ("host=db password='it\\'s a fish' dbname=x", "a fish"),
    ("host=db password=pa\\ ss dbname=x", "ss "),
    ("Server=db;User Id=sa;Password=sword,fish;Encrypt=true", "fish"),
    # Headers.
    ("Authorization: Bearer abcdefgh", "abcdefgh"),
    (f"Authorization: Basic {BASIC}", BASIC),
    ("authorization: Token token=y_NbAkKc66ryYTWUXYEu", "y_NbAkKc66ryYTWUXYEu"),
    ('Authorization: Digest username="bob", response="6629fae49393a05397450978507c4ef1"', "6629fae4"),
    ("map[Authorization:[Bearer abcdefgh] Accept:[*/*]]", "abcdefgh"),
    ('{"authorization":["Bearer abcdefgh"]}', "abcdefgh"),
    ("curl -H 'Authorization: Bearer abcdefgh' https://h", "abcdefgh"),
    ("Cookie: KEYCLOAK_IDENTITY=abc; other=def", "def"),
    ("Set-Cookie: AUTH_SESSION_ID=abc.def; Path=/; HttpOnly", "abc.def"),
    ("X-Api-Key: swordfish", "swordfish"),
    ("x-vault-token: swordfish", "swordfish"),
    (f"sent Basic {BASIC} to the server", BASIC),
    ("got Bearer 7f9aXk22pQ from cache", "7f9aXk22pQ"),
    # Things that give themselves away.
    (f"invalid token: {JWT}", JWT[40:80]),
    (f"decrypting {JWE}", JWE[60:90]),
    (f"id_token_hint={JWT[:70]}...", JWT[45:70]),
    (PEM, PEM_BODY),
    (PEM.replace("\n", "\\n"), PEM_BODY),
    (f'"tls.key": "{PEM[:90]}', PEM_BODY[:40]),
    (PEM.replace("PRIVATE", "RSA PRIVATE").replace("\n", "\nbackend | "), PEM_BODY),
    (f"tls.key: {base64.b64encode(PEM.encode()).decode()}", base64.b64encode(PEM.encode()).decode()[30:60]),
    ("token xoxb-1234567890-abcdefghij", "1234567890"),
    ("xapp-1-A0123-456-abcdef", "A0123"),
    ("xoxe.xoxp-1-Mi0yLTEyMzQ1", "Mi0yLTEy"),
    ("post to https://hooks.slack.com/services/T000/B000/XXXXabc123", "XXXXabc123"),
    ("using AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "bPxRfiCY"),
    ("cloning with ghp_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijkl"),
    ("github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz", "11ABCDEFG0"),
    ("docker login -p dckr_pat_abcdefghijklmnopqrstuvwxyz1", "abcdefghij"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuvw", "SyA12345"),
    ("//registry/:_authToken=npm_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghij"),
    (f"telegram token {TELEGRAM} refused", TELEGRAM[12:30]),
    ("hash $2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "N9qo8uLO"),
    (f'{{"kty":"RSA","n":"xyz","d":"{KEY64}"}}', KEY64),
    # Long random strings beside a name that only hints.
    (f'"exchange": {{"name": "binance", "key": "{KEY64}"}}', KEY64),
    ('"secret": "abcdefgh", "pair_whitelist": []', "abcdefgh"),
    (f"routing_key: {HEX32}", HEX32),
    (f"pagerduty integration key: {HEX32}", HEX32),
    (f"VULTR_API_KEY={HEX32.upper()}", HEX32.upper()),
    (f"SECRET_KEYCLOAK={KEY64}", KEY64),
    ('{"auths":{"docker.io":{"auth":"dm9sYXRpOnN3b3JkZmlzaA=="}}}', "dm9sYXRp"),
    ("client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFcEFJQkFBS0NBUUVB", "RVktLS0t"),
    (".dockerconfigjson: eyJhdXRocyI6eyJkb2NrZXIuaW8iOnt9fX0=", "eyJhdXRocyI6"),
    (f"token: {HEX32}", HEX32),
    (f"failed to verify token: {HEX32} is unknown", HEX32),
    # More, found while trying to get something past it.
    ('time="2025" level=error msg="login failed" username=bob password="p w\\"d" ip=1.2.3.4', "p w"),
    ('"password":"abc\\u0022def"', "def"),
    ("{'client_secret': u'abcd'}", "abcd"),
    ("client_secret: !!str abcd", "abcd"),
    ('password: "abc" # comment', "abc"),
    ("  password:   abc   ", "abc"),
    ('"password":\n   "abc123secret"', "abc123secret"),
    ("PASSWORD=abc def", "abc"),
    ("ENV DB_PASSWORD abc123", "abc123"),
    ("setx PASSWORD abc123", "abc123"),
    ("password is hunter2", "hunter2"),
    ("pass=hunter2;", "hunter2"),
    ("pw=hunter2", "hunter2"),
    ("KC_DB_PASSWORD: hunter2", "hunter2"),
    ("KEYCLOAK_ADMIN_PASSWORD=admin", "=admin"),
    ("--db-password=hunter2 --db-url=x", "hunter2"),
    ("-Djavax.net.ssl.trustStorePassword=changeit", "changeit"),
    ("-storepass changeit -keypass abcdef", "changeit"),
    ("sshpass -p hunter2 ssh bob@h", "hunter2"),
    ("mysql -uroot -phunter2", "hunter2"),
    ("redis-cli -a hunter2 ping", "hunter2"),
    ("jdbc:postgresql://db:5432/kc?user=kc&password=hunter2", "hunter2"),
    ("jdbc:mysql://bob:hunter2@db/x", "hunter2"),
    ("amqp://guest:guest@rabbit", "guest@rabbit"),
    ("mongodb+srv://u:p%21w@h/x", "p%21w"),
    ("https://ghp_abcdefghijklmnopqrstuvwxyz0123456789@github.com/x", "abcdefghijkl"),
    ("https://x-access-token:abcd1234@github.com/x", "abcd1234"),
    ("https://token@github.com/x?private_token=abc", "=abc"),
    ("X-Auth-Token: abcd", "abcd"),
    ("X-Forwarded-Access-Token: abcd", "abcd"),
    ("Proxy-Authorization: Basic dTpw", "dTpw"),
    ("> authorization: bearer abcd", "abcd"),
    ("Authorization=Bearer%20abcd1234", "abcd1234"),
    ('headers: {"Authorization":"Bearer abcd1234","Accept":"*/*"}', "abcd1234"),
    ("Authorization: abcd1234efgh", "abcd1234efgh"),
    ("authorization: ApiKey abcd1234efgh", "abcd1234efgh"),
    ('[{"type":"password","value":"hunter2","temporary":false}]', "hunter2"),
    ('{"credentials":[{"secretData":"{\\"value\\":\\"aGVsbG8=\\"}"}]}', "aGVsbG8="),
    ("registrationAccessToken: abcd1234", "abcd1234"),
    ('{"key":"client-secret","value":"abcdEFGH1234"}', "abcdEFGH1234"),
    ("SMTP_PASS='x y z'", "y z"),
    ("password='abc' password2='def'", "def"),
    ("new_password=abc&confirm_password=def", "def"),
    ("j_password=abc", "abc"),
    ("passwordConfirm: abc", "abc"),
    ("Passwort: geheim", "geheim"),
    ("TOKEN abcdef1234567890abcdef1234567890", "abcdef1234567890abcdef"),
    ("token (abcdef1234567890abcdef1234567890) rejected", "abcdef1234567890abcdef"),
    ("id_token: eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "eyJzdWIiOiIxIn0"),
    ("session cookie KEYCLOAK_SESSION=volaticloud/abc/def123", "def123"),
    ("kc_session abc; JSESSIONID=ABCDEF0123456789", "ABCDEF0123456789"),
    ("data:\n  password: aHVudGVyMg==\n  username: Ym9i", "aHVudGVyMg"),
    ('"data":{"client-secret":"aHVudGVyMg=="}', "aHVudGVyMg"),
    ('{"stringData":{"DATABASE_URL":"postgres://u:hunter2@h/x"}}', "hunter2"),
    ("helm upgrade x --set keycloak.clientSecret=hunter2,image.tag=1", "hunter2"),
    ("--set-string auth.password=hunter2", "hunter2"),
    ("docker run -e POSTGRES_PASSWORD=hunter2 postgres", "hunter2"),
    ("Env:[POSTGRES_PASSWORD=hunter2 PGDATA=/x]", "hunter2"),
    ('"Env":["POSTGRES_PASSWORD=hunter2","PGDATA=/x"]', "hunter2"),
    ('Cmd:["--password","hunter2"]', "hunter2"),
    ('args: ["--client-secret", "hunter2"]', "hunter2"),
    ('["redis-server","--requirepass","hunter2"]', "hunter2"),
    ("user=bob,password=hunter2,host=db", "hunter2"),
    ("password=hunter2,user=bob", "hunter2"),
    ("(user: bob, password: hunter2)", "hunter2"),
    ("password\t=\thunter2", "hunter2"),
    ("password\u00a0: hunter2", "hunter2"),
    ("PASSWORD:hunter2", "hunter2"),
    ('api_key="sk-abcDEF1234567890abcDEF12"', "abcDEF"),
    ("OPENAI key sk-proj-abcDEF1234567890abcDEF12", "abcDEF"),
    ("pagerduty key R0ABCDEFGHIJKLMNOPQRSTUVWXYZ1234", "ABCDEFGHIJ"),
    ('"routing_key":"R0ABCDEFGHIJKLMNOPQRSTUVWXYZ1234"', "ABCDEFGHIJ"),
    ('"service_key":"0123456789abcdef0123456789abcdef"', "0123456789abcdef"),
    ("signing_secret: 8f742231b10e8888abcd99yyyzzz85a5", "8f742231"),
    ("otp=123456", "123456"),
    ("secret=a", "=a"),
    ("p=assword; passwd=x1y2", "x1y2"),
    ('panic: open postgres "host=db user=x password=hunter2": EOF', "hunter2"),
    ("clientSecret:abcd realm:x", "abcd"),
    ('ClientSecret:"abcd"', "abcd"),
    ("config.Password = hunter2", "hunter2"),
    ("&lt;password&gt;hunter2&lt;/password&gt;", "hunter2"),
    ("&quot;password&quot;:&quot;hunter2&quot;", "hunter2"),
    ("\\x22password\\x22:\\x22hunter2\\x22", "hunter2"),
    ("%7B%22password%22%3A%22hunter2%22%7D", "hunter2"),
    ("client%5Fsecret=hunter2", "hunter2"),
    ("client_secret%253Dhunter2", "hunter2"),
    ("password: >-\n  hunter2\n", "hunter2"),
    ("- password: hunter2\n  user: x", "hunter2"),
    ("wifi passphrase: my dog", "my dog"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n", "b3BlbnNzaC1r"),
    ("secret_key_base: 0123456789abcdef0123456789abcdef0123456789abcdef", "0123456789abcdef0123"),
    ("aws_session_token=FwoGZXIvYXdzEBYaDAbCdEf", "FwoGZXIv"),
    ("AccountName=x;AccountKey=abcd+/==;Endpoint=y", "abcd+/"),
    ("SharedAccessSignature=sv=2020&sig=abcdEFGH1234abcdEFGH%3D", "abcdEFGH1234"),
    ("vultr: VULTR_API_KEY: ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "ABCDEFGHIJ"),
    ("ws_token: abcd", "abcd"),
    ("jwt_secret_key: abcd efgh", "abcd"),
    ("'secret': 'abc', 'password': 'def'", "def"),
    ("db.url=jdbc:postgresql://h/x?user=a&password=s3cr&ssl=true", "s3cr"),
    ("KEYCLOAK_CLIENT_SECRET='s3cr'", "s3cr"),
    ("set VOLATICLOUD_DATABASE=postgresql://v:s3cr@h/x", "s3cr"),
    ('"VOLATICLOUD_DATABASE": "postgresql://v:s3cr@h/x"', "s3cr"),
    ('curl -d "client_secret=s3cr" -d "grant_type=password" -d "password=pw12"', "pw12"),
    ("curl -d client_secret=s3cr https://x", "s3cr"),
    ("Body: client_id=a&client_secret=s3cr", "s3cr"),
    ('request body {"username":"a","password":"pw12","otp":"123456"}', "123456"),
    ('access_token":"opaqueabc', "opaqueabc"),
    ("'refresh_token': 'opaqueabc'", "opaqueabc"),
    ("Got token opaqueABC123456789012345", "opaqueABC123456789012345"),
    ("export TOKEN=opaque", "opaque"),
    ('token = "opaque"', "opaque"),
    ("slack_bot_token: xoxb-1-2-abcdefghijk", "abcdefghijk"),
    ("SLACK_SIGNING_SECRET=8f74", "8f74"),
    ("PAGERDUTY_ROUTING_KEY=R012345678901234567890ABCDEFGHIJ", "R0123456"),
    ('{"exchange":{"key":"aB3dE6gH9jK2mN5pQ8sT1vW4","secret":"q"}}', "aB3dE6gH9"),
    ("exchange secret: q1w2e3", "q1w2e3"),
    ("redis password='p w'", "p w"),
    ("redis://default:s3cr@r:6379", "s3cr"),
    ("REDIS_URL=rediss://:s3cr@r:6379/0?x=1", "s3cr"),
    ("connecting to amqp://u:s3cr@h:5672/%2F", "s3cr"),
    ("Cookie: a=b", "a=b"),
    ('set-cookie: KEYCLOAK_SESSION="abc/def"; Version=1', "abc/def"),
    ('"Set-Cookie":["sid=abc; Path=/"]', "sid=abc"),
    ("x-amz-security-token: FwoG", "FwoG"),
    ("&password=a%20b%26c&", "a%20b%26c"),
    ('pass: "x1y2"', "x1y2"),
    ("kind: Secret\ndata:\n  client-secret: czNjcg==\n", "czNjcg"),
    ("Password: 's3cr', Host: 'x'", "s3cr"),
    ('password="s3cr\nmore"', "s3cr"),
    ("PASSWORD='s3\"cr'", "cr"),
    ("smtp: {auth: {user: a, pass: s3cr}}", "s3cr"),
    ("bot_token=123:abc", "123:abc"),
    ("LDAP bindCredential=s3cr", "s3cr"),
    ("bindCredential: [s3cr]", "s3cr"),
    ('"privateKey": "MIIEvQ"', "MIIEvQ"),
    ("kubeconfig token: abcdef.0123456789abcdef", "0123456789abcdef"),
)

# Lines that say nothing secret, and must come out letter by letter.
ORDINARY: tuple[str, ...] = (
    "LOG_LEVEL=debug",
    "secretKeyRef: name: keycloak-client-secret key: client-secret",
    "  valueFrom:\n    secretKeyRef:\n      name: keycloak-client-secret\n      key: client-secret",
    "password: <none>",
    "password: ''",
    '"password": "",',
    '"password": null',
    "DB_PASSWORD=${DB_PASSWORD}",
    "PASSWORD={{ .Values.password }}",
    "password: ********",
    f"postgresql://volati:{mask('password in url')}@db/volati",
    "token expired",
    "the token: expired",
    '"token_type": "Bearer",',
    '"token_endpoint":"https://auth.volaticloud.com/realms/volaticloud/protocol/openid-connect/token"',
    '"token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_basic","client_secret_post"]',
    '"introspection_endpoint":"https://a/token/introspect","grant_types_supported":["authorization_code","password"]',
    '"authorization_endpoint":"https://a/auth","code_challenge_methods_supported":["plain","S256"]',
    "client_id=volaticloud-api&grant_type=client_credentials",
    (
        'type="CLIENT_LOGIN_ERROR", realmId="7a6e1c1e-7c55-4c0b-9a8e-1d2f3a4b5c6d", '
        'clientId="volaticloud-api", error="invalid_client_credentials"'
    ),
    "error=invalid_client_credentials, grant_type=client_credentials, client_auth_method=client-secret",
    '{"error":"invalid_client","error_description":"Invalid client or Invalid client credentials"}',
    '{"error":"unauthorized_client","error_description":"Client not enabled to retrieve service account"}',
    "tokens: 5",
    "max_tokens=3",
    "token: 401",
    "accessTokenLifespan: 300",
    '"expires_in":300,"refresh_expires_in":0,"token_type":"Bearer","not-before-policy":0,"scope":"profile email"',
    "PASSWORD_FILE=/run/secrets/x",
    "kubectl create secret generic keycloak-client-secret --from-file=client-secret=/dev/stdin --dry-run=client",
    "curl -sS -H \"Authorization: Bearer $TOKEN\" 'https://keycloak.example.com/realms/x'",
    'curl -d client_id=api --data-urlencode "client_secret=$SECRET" -d grant_type=client_credentials',
    "token: /var/run/secrets/kubernetes.io/serviceaccount/token",
    "Invalid password for user x",
    'FATAL:  password authentication failed for user "volaticloud"',
    (
        'DETAIL:  Connection matched file "/var/lib/postgresql/data/pg_hba.conf" line 128: '
        '"host all all all scram-sha-256"'
    ),
    'FATAL:  no pg_hba.conf entry for host "10.0.0.5", user "volaticloud", database "volaticloud", no encryption',
    "failed opening connection to postgres: pq: password authentication failed for user",
    "failed to get client token: 401 Unauthorized: invalid_client",
    'failed to get token: Post "https://auth.volaticloud.com/realms/volaticloud": dial tcp: lookup auth: no such host',
    "failed to read password: open /run/secrets/db: no such file or directory",
    "failed to verify token: oidc: token is expired (Token Expiry: 2025-01-02 03:04:05 +0000 UTC)",
    "invalid token: token has invalid claims: token is expired",
    "failed to fetch token: EOF",
    "keycloak configuration is required (URL, ClientID, ClientSecret must be set)",
    "Error: couldn't find key client-secret in Secret volaticloud/keycloak-client-secret",
    'MountVolume.SetUp failed for volume "tls" : secret "volaticloud-tls" not found',
    (
        'secrets "volaticloud-db-secret" is forbidden: User '
        '"system:serviceaccount:volati:volati" cannot get resource "secrets"'
    ),
    (
        "      VOLATICLOUD_KEYCLOAK_CLIENT_SECRET:  <set to the key 'client-secret' in secret "
        "'keycloak-client-secret'>  Optional: false"
    ),
    "client-secret:  36 bytes",
    "Type:  kubernetes.io/service-account-token",
    "imagePullSecrets:\n- name: regcred",
    "    secretName: keycloak-client-secret",
    "secret: keycloak-client-secret",
    "checksum/secret: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    (
        "Warning  BackOff  2m  kubelet  Back-off restarting failed container backend in pod "
        "volaticloud-backend-7d9f8c6b5-x2x4z"
    ),
    (
        "Normal  Pulled  1m  kubelet  Successfully pulled image "
        '"volaticloud/backend:sha-4f9b1c7e2a8d4036b5e9f1a2c3d4e5f6a7b8c9d0"'
    ),
    (
        "Container image "
        '"freqtradeorg/freqtrade:stable@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"'
    ),
    "pod-template-hash=7d9f8c6b5, controller-revision-hash=volaticloud-keycloak-6c9f8b7d5",
    'uid: 7a6e1c1e-7c55-4c0b-9a8e-1d2f3a4b5c6d resourceVersion: "123456789"',
    '"kid": "Zt1QmFJq3kGmXw8m6pX9n4dYbR2sV5cT7uL0oK3hJ1E", "kty": "RSA", "alg": "RS256", "use": "sig"',
    "key=volaticloud-backend-7d9f8c6b5-x2x4z value=3",
    'etcd: range request "key:\\"/registry/pods/default/backend\\" " took too long (120ms) to execute',
    "commit 4f9b1c7e2a8d4036b5e9f1a2c3d4e5f6a7b8c9d0",
    "GET http://volaticloud-keycloak-service:8080/realms/volaticloud 200",
    "dial tcp 10.0.0.5:5432: connect: connection refused",
    "endpoints http://etcd-0:2379,http://etcd-1:2379 are healthy",
    "mailto:ops@volaticloud.com from http://host:8080/?email=a@b.c",
    'WWW-Authenticate: Bearer realm="volaticloud", error="invalid_token", error_description="Token is not active"',
    "Bearer authentication is required; Basic authentication is off",
    "failed to read cookie: http: named cookie not present",
    "authorization: enabled",
    "auth_method=basic author=volati oauth2=on",
    "compass: north bypass=true passed: 3 pass: 12 fail: 0",
    'ERROR: duplicate key value violates unique constraint "bots_pkey" Key (id)=(7a6e1c1e-7c55-4c0b-9a8e-1d2f3a4b5c6d)',
    'ERROR: insert or update on table "bots" violates foreign key constraint "bots_strategies_bots"',
    '"exchange": {"name": "binance", "key": "", "secret": "", "ccxt_config": {}, "pair_whitelist": ["BTC/USDT"]}',
    '"api_server": {"enabled": true, "listen_port": 8080, "username": "freqtrader", "verbosity": "error"}',
    '"max_open_trades": 3, "stake_currency": "USDT", "dry_run": true, "token": ""',
    "freqtrade.exceptions.OperationalException: Exchange binance requires an API key and secret",
    "KC-SERVICES0013: Failed authentication: org.keycloak.authentication.AuthenticationFlowException",
    "at org.keycloak.services.KeyJoinerFactory.class(KeyJoinerFactory.java:71)",
    "volaticloud-keycloak-service.volaticloud.svc.cluster.local:8080",
    "--- FAIL: TestTokenRefresh (0.02s)\n    token_test.go:31: token: got nil, want non-nil",
    "PWD=/home/volati",
    "next_page_token: CAESBggDEgIIARoCCAE",
    "Mountable secrets:   default-token-abc12\nTokens:              default-token-abc12",
    "service_account_token:\n  path: token",
    "docker://sha256abcdef containerd://4f9b1c7e2a8d4036b5e9f1a2c3d4e5f6",
    f"password: {mask('password')}",
    "<volaticloud> *bold* _it_ `code` https://slack.com/|x",
    '2025-01-02 03:04:05 UTC [71] ERROR:  column "token" does not exist at character 8',
    "STATEMENT:  SELECT id, token, secret FROM bots WHERE key = $1",
    "UPDATE users SET password = $2 WHERE id = $1",
    'level=info msg="token refreshed" token_ttl=300s expires_in=5m',
    'level=warn msg="secret not found" secret=volaticloud/keycloak-client-secret',
    'Secret "volaticloud-secrets" has key "client-secret"',
    "kubectl get secret volaticloud-db-secret -n volaticloud -o yaml",
    "kubectl create secret tls volaticloud-tls --cert=tls.crt --key=tls.key",
    "Token Endpoint: https://auth/token",
    "Reading token from /var/run/secrets/kubernetes.io/serviceaccount/token",
    "Error: unauthorized: authentication required",
    "invalid_grant: Invalid user credentials",
    "\"error_description\":\"Invalid token issuer. Expected 'https://a/realms/x', but was 'https://b/realms/x'\"",
    'oidc: expected audience "volaticloud-api" got ["account"]',
    'oauth2: cannot fetch token: 401 Unauthorized\nResponse: {"error":"invalid_client"}',
    'oauth2: "invalid_client" "Invalid client or Invalid client credentials"',
    "failed to get token: context deadline exceeded",
    "failed to get token: json: cannot unmarshal number into Go value",
    "could not parse token: token contains an invalid number of segments",
    'could not load secret: secrets "x" not found',
    "error decoding token: illegal base64 data at input byte 4",
    "token: unexpected end of JSON input",
    "syntax error: unexpected token: '}'",
    "Unexpected token < in JSON at position 0",
    "Token is not active",
    "Token validation: passed",
    "credentials: include",
    "credentials: same-origin",
    "auth: none",
    "authMethod: password",
    "grant_types: [authorization_code, password]",
    "type: Opaque",
    "clientAuthenticatorType: client-secret",
    "    - name: keycloak-client-secret\n      secret:\n        secretName: keycloak-client-secret",
    "    env:\n    - name: VOLATICLOUD_KEYCLOAK_CLIENT_ID\n      value: volaticloud-api",
    (
        "    - name: DB_PASSWORD\n      valueFrom:\n        secretKeyRef:\n          name: "
        "volaticloud-db-secret\n          key: password"
    ),
    "tokenRequests: []",
    "automountServiceAccountToken: false",
    "serviceAccountToken:\n    expirationSeconds: 3607",
    "ssoSessionIdleTimeout: 1800",
    '"accessTokenLifespan":300,"accessCodeLifespan":60',
    '"publicClient":false,"bearerOnly":false,"secretRotation":null',
    '"passwordPolicy":"length(8)"',
    '"resetPasswordAllowed":true',
    "User bob changed password",
    "Password must have at least 8 characters",
    "HINT:  Use --password-file to pass the password",
    "password_encryption = scram-sha-256",
    "password_encryption: scram-sha-256",
    "scram-sha-256 authentication requires a password",
    "fe_sendauth: no password supplied",
    "hot key: user:1234",
    "key: value",
    "Key: volaticloud.bot.id",
    "  key: node.kubernetes.io/not-ready",
    "tolerations:\n- key: node.kubernetes.io/unreachable\n  operator: Exists",
    "cache key: npm-linux-4f9b1c7e2a8d4036b5e9f1a2c3d4e5f6",
    "foreign_key: bot_id",
    "idempotency_key=7a6e1c1e-7c55-4c0b-9a8e-1d2f3a4b5c6d",
    "dedup_key: volati/keycloak/down",
    "exit code=137 code: 500 code=Unavailable",
    "GET /cb?error=access_denied&code=404",
    "rpc error: code = Unavailable desc = connection closed",
    "session_state=7a6e1c1e-7c55-4c0b-9a8e-1d2f3a4b5c6d",
    "user session: 12 active",
    "http://localhost:8080/realms/x?redirect_uri=http://a:3000/b",
    "nats://nats:4222 redis://redis:6379/0 amqp://rabbit:5672",
    "postgresql://db:5432/volaticloud",
    "postgresql://volaticloud@db:5432/volaticloud",
    "image: registry.example.com:5000/volati:1.2@sha256:abcd",
    "ssh git@github.com:volati/volati.git",
    "2025-01-02T03:04:05.678Z INFO [org.keycloak.events] type=LOGIN, userId=7a6e1c1e",
    "Running the server in development mode. DO NOT use this configuration in production. Password: <hidden>",
    "cookie SameSite=Lax; cookies: enabled",
    "Cookie not found. Please make sure cookies are enabled in your browser",
    "freqtrade.worker - INFO - Bot heartbeat. PID=1, version='2025.1', state='RUNNING'",
    (
        'ccxt.base.errors.AuthenticationError: binance {"code":-2015,"msg":"Invalid API-key, '
        'IP, or permissions for action."}'
    ),
    "API key: missing",
    "Exchange key required",
    "tokens_used: 512 prompt_tokens: 200",
    "secrets: 3 configmaps: 4 pods: 12",
    "passed=true bypass: 3 compass=north",
    "PWD=/usr/src/app",
    "Password authentication is disabled",
    "password: (unchanged)",
    "client secret: set",
    "client-secret present: true",
    "secret_fingerprint: 8f742231b10e8888abcd99aabbcc85a5",
    "token kid: Zt1QmFJq3kGmXw8m6pX9n4dYbR2sV5cT7uL0oK3hJ1E",
    "certificate serial 4f9b1c7e2a8d4036b5e9f1a2c3d4e5f6",
    "keycloak: Keycloak 26.0.7 on JVM (powered by Quarkus 3.15.1) started in 7.161s",
    (
        'Warning  FailedMount  MountVolume.SetUp failed for volume "kube-api-access-x2x4z" : '
        "failed to fetch token: pod not found"
    ),
    "auth.volaticloud.com:443: connect: connection refused",
    "author: volati <ops@volaticloud.com>",
    "oauth2_proxy: upstream=http://backend:8080",
    "GET /oauth2/token 200 12ms",
    "POST https://auth/realms/x/protocol/openid-connect/token: 401",
    "POST https://auth/realms/x/protocol/openid-connect/token -> 401",
    "/token: 401 Unauthorized",
    '2025/01/02 03:04:05 "POST /realms/volaticloud/protocol/openid-connect/token HTTP/1.1" 401 75',
    (
        "type=CLIENT_LOGIN_ERROR, clientId=volaticloud-api, error=invalid_client_credentials, "
        "grant_type=client_credentials"
    ),
    "token issued at 2025-01-02T03:04:05Z expires 2025-01-02T03:09:05Z",
    "token lifetime: 300 s",
    "secret volaticloud/keycloak-client-secret changed at 2025-01-02T03:04:05Z (was 5f70bf18, is 8a086007)",
    "client secret is 36 characters long",
    "the password is empty",
    "the token is expired since 12s",
    "token is valid until 2025-01-02T03:04:05Z",
    "secret is missing key client-secret",
    "password is required",
    (
        ""
        '"use":"sig","kid":"Zt1QmFJq3kGmXw8m6pX9n4dYbR2sV5cT7uL0oK3hJ1E","x5t#S256":"aB3dE6gH9jK2mN5pQ8sT1vW4aB3dE6gH9jK2mN5pQ8s"'
    ),
    "access token for volaticloud-api was refused",
    "Authorization Services are off for client volaticloud-api",
    "authorization: services are not enabled",
    "kubectl -n volaticloud create token volati --duration 10m",
    "kubectl get secret keycloak-client-secret -o jsonpath='{.data.client-secret}'",
    "kubectl create secret generic keycloak-client-secret --from-literal=client-secret=<SECRET>",
    'curl -d "client_secret=<SECRET>" -d grant_type=client_credentials',
    "psql -h db -U volaticloud -d volaticloud -c 'SELECT 1'",
    "Secret volaticloud-secrets: key client-secret present, 36 bytes, no trailing newline",
    'pq: password authentication failed for user "volaticloud"',
    'pq: role "token" does not exist',
    "private_key_jwt is supported",
    "routing_key=orders.created",
    "Keys in JWKS: 2, key id Zt1Q",
    "key usage: digitalSignature",
    "api key: not configured",
    "secret rotation: disabled; cookie policy: strict",
    "auth: basic",
    "tls key: /etc/tls/tls.key",
    "password hash algorithm: argon2",
    "token: <expired 12s ago>",
    "keycloak-0: Ready 1/1 Running 0 (2d ago)",
    "Event: Secret/keycloak-client-secret updated (resourceVersion 123456 -> 123457)",
    "helm.sh/release.v1 sh.helm.release.v1.volaticloud-backend.v12",
    "bot 7a6e1c1e-7c55-4c0b-9a8e-1d2f3a4b5c6d: exchange authentication failed",
    "checksum/config: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    "tokenreviews.authentication.k8s.io is forbidden",
)

PLAIN = Redactor()


@pytest.mark.parametrize(("line", "secret"), LEAKS)
def test_masks(line: str, secret: str) -> None:
    """It masks every secret in the table of leaking lines, alone and inside a log."""
    assert secret in line
    assert secret not in PLAIN.text(line)
    assert secret not in PLAIN.text(f"started\n{line}\nstopped")


@pytest.mark.parametrize("line", ORDINARY)
def test_leaves_ordinary_lines_alone(line: str) -> None:
    """It leaves every line of the table of ordinary lines as it is."""
    assert PLAIN.text(line) == line


@pytest.mark.parametrize("line", [*(line for line, _ in LEAKS), *ORDINARY])
def test_comes_to_rest(line: str) -> None:
    """It changes nothing the second time."""
    once = PLAIN.text(line)
    again = PLAIN.report(once)
    assert again.text == once
    assert again.masked == ()


def test_keeps_what_stands_around_a_secret() -> None:
    """It masks the secret and nothing else, and says which rule it was."""
    line = "user=bob password=hunter2 host=db url=postgresql://u:pw@db:5432/x"
    assert PLAIN.text(line) == (
        f"user=bob password={mask('password')} host=db url=postgresql://u:{mask('password in url')}@db:5432/x"
    )
    assert PLAIN.text("Authorization: Bearer abc12345") == f"Authorization: Bearer {mask('bearer token')}"
    assert PLAIN.text('{"password": "a", "user": "b"}') == f'{{"password": "{mask("password")}", "user": "b"}}'


def test_reports_rules_never_values() -> None:
    """It counts what was masked by rule, the most frequent first."""
    report = PLAIN.report("password=a1 token=b2 password=c3")
    assert report.masked == (Masked("password", 2), Masked("token", 1))
    assert not {"a1", "b2", "c3"} & set(repr(report).replace("=", " ").split())


def test_mask_survives_its_surroundings() -> None:
    """It knows its masks again after JSON has escaped them, and a mask says nothing in Slack's markup."""
    text = json.dumps({"password": mask("password")})
    assert "\\u2039" in text
    assert PLAIN.text(text) == text
    assert not set(mask("password")) & set("*_~`<>&[]|")


SECRET = 'Zk3-9f/Lq+82 x&Aé"q\\t'
KNOWN = Redactor([KnownSecret("keycloak client secret", SECRET + "\n")])


@pytest.mark.parametrize(
    "spelt",
    [
        SECRET,
        urllib.parse.quote(SECRET, safe=""),
        urllib.parse.quote(SECRET),
        "".join(
            f"%{byte:02x}" if byte in b'/+ &"\\' else chr(byte) for byte in SECRET.replace("é", "e").encode()
        ).replace("Ae", "A%c3%a9"),
        urllib.parse.quote_plus(SECRET),
        urllib.parse.quote(urllib.parse.quote(SECRET, safe=""), safe=""),
        "".join(f"%{byte:02X}" for byte in SECRET.encode()),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(SECRET))[3:-3],
        "".join(f"\\u{ord(letter):04x}" for letter in SECRET),
        SECRET.replace("/", "\\/"),
        SECRET.replace("&", "&amp;").replace('"', "&quot;"),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
    ],
)
def test_masks_a_known_secret_however_it_is_spelt(spelt: str) -> None:
    """It masks a known value in every encoding, under the secret's name."""
    assert KNOWN.text(f"seen {spelt} there") == f"seen {mask('keycloak client secret')} there"


@pytest.mark.parametrize("lead", ["", "a", "ab", "abc", "volaticloud-api:"])
@pytest.mark.parametrize("tail", ["", "z", "zz", "\n"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_masks_a_known_secret_inside_base64(lead: str, tail: str, encode: Any) -> None:
    """It masks base64 at each of the three alignments, in both alphabets, padded or not, and base64 of base64."""
    coded = encode(f"{lead}{SECRET}{tail}".encode()).decode()
    for text in (
        coded,
        coded.rstrip("="),
        urllib.parse.quote(coded, safe=""),
        base64.b64encode(coded.encode()).decode(),
    ):
        assert KNOWN.text(f"seen {text} there") == f"seen {mask('keycloak client secret')} there"


WEAK = Redactor([KnownSecret("database password", "volaticloud")], ordinary=["volaticloud"])


@pytest.mark.parametrize(
    "line",
    [
        "pods in namespace volaticloud are ready",
        'password authentication failed for user "volaticloud"',
        "volaticloud",
        "https://auth.volaticloud.com/realms/volaticloud",
    ],
)
def test_weak_secret_does_not_mask_sentences(line: str) -> None:
    """It leaves a known password that is an ordinary word where nothing says that it is a secret."""
    assert WEAK.text(line) == line


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("PGPASSWORD=volaticloud psql", "PGPASSWORD={} psql"),
        ('{"password":"volaticloud"}', '{{"password":"{}"}}'),
        ("data: dm9sYXRpY2xvdWQ=", "data: {}"),
        ("token: volaticloud", "token: {}"),
    ],
)
def test_weak_secret_is_masked_where_it_is_one(line: str, kept: str) -> None:
    """It masks an ordinary word beside a secret's name, and as base64 of its own."""
    assert WEAK.text(line) == kept.format(mask("database password"))


def test_weak_secret_in_credentials() -> None:
    """It masks an ordinary word in the credentials of an address or a header, by their own rules."""
    basic = base64.b64encode(b"volaticloud:volaticloud").decode()
    assert (
        WEAK.text("postgresql://u:volaticloud@h/volaticloud")
        == f"postgresql://u:{mask('password in url')}@h/volaticloud"
    )
    assert basic not in WEAK.text(f"Basic {basic}")


def test_short_secret_as_whole_text() -> None:
    """It masks a short secret when it is the whole text and no ordinary name."""
    short = Redactor([KnownSecret("pin", "a1b2")])
    assert short.text(" a1b2\n") == mask("pin")
    assert short.text("part a1b2 of it") == "part a1b2 of it"


def test_a_placeholder_that_is_the_password() -> None:
    """It masks even the word "none" where that is the known password."""
    assert Redactor([KnownSecret("db", "none")]).text("password: none") == f"password: {mask('db')}"


def test_longer_secret_wins() -> None:
    """It masks the whole of a secret that contains another."""
    both = Redactor([KnownSecret("short", "abcd1234"), KnownSecret("long", "abcd1234-efgh5678")])
    assert both.text("x abcd1234-efgh5678 y abcd1234") == f"x {mask('long')} y {mask('short')}"


def test_long_multiline_secret() -> None:
    """It masks a key of many lines as a whole and line by line."""
    body = "\n".join(base64.b64encode(bytes(range(at, at + 48))).decode() for at in range(0, 200, 8))
    keeper = Redactor([KnownSecret("signing key", body)])
    assert not set(body.split("\n")) & set(keeper.text(body).split())
    for line in body.split("\n"):
        assert line not in keeper.text(f"read line {line} of the file")
    assert body.replace("\n", "\\n")[:100] not in keeper.text(json.dumps(body))


def test_also_knows_more() -> None:
    """It gives a redactor that knows a secret learned later, and is itself unchanged."""
    more = KNOWN.also(KnownSecret("access token", "opaque-7712-token"), KnownSecret("pin", "x9"))
    assert more.text(f"opaque-7712-token {SECRET}") == f"{mask('access token')} {mask('keycloak client secret')}"
    assert more.text("secret=x9") == f"secret={mask('pin')}"
    assert KNOWN.text("opaque-7712-token") == "opaque-7712-token"


@pytest.mark.parametrize("name", ["", mask("x"), "Zk3-9fLq", "a\nb" * 90])
def test_a_name_is_made_fit_for_a_mask(name: str) -> None:
    """It cleans a secret's name so that masks stay masks, and never shows a value as a name."""
    keeper = Redactor([KnownSecret(name, "Zk3-9fLq")])
    once = keeper.text("seen Zk3-9fLq there")
    assert "Zk3-9fLq" not in once
    assert keeper.text(once) == once


@pytest.mark.parametrize("value", ["masked: p", mask("password"), ": pass", "", "  \n"])
def test_a_value_made_of_the_mask_comes_to_rest(value: str) -> None:
    """It does not run in circles over a secret that is spelt in the masks themselves."""
    keeper = Redactor([KnownSecret("p", value)])
    once = keeper.text("password=hunter2 masked: password")
    assert keeper.text(once) == once


def test_a_secret_inside_a_forged_mask() -> None:
    """It does not let a known secret out in something that looks like a mask."""
    assert "Zk3" not in KNOWN.text(mask(SECRET))


def test_prints_no_values() -> None:
    """It shows names, never values, when printed."""
    secret = KnownSecret("keycloak", "Zk3-9fLq")
    assert repr(secret) == "KnownSecret('keycloak')"
    assert "Zk3" not in repr(Redactor([secret]))


class Pod(msgspec.Struct, frozen=True):
    name: str
    env: dict[str, str]
    lines: tuple[str, ...]
    restarts: int = 0


@dataclasses.dataclass(frozen=True)
class Login:
    user: str
    client_secret: str
    at: dt.datetime


class Pair(NamedTuple):
    left: str
    right: int


class Colour(enum.StrEnum):
    RED = "password=hunter2"


def test_value_keeps_its_shape() -> None:
    """It redacts strings at any depth and keeps the types around them."""
    now = dt.datetime(2025, 1, 2, tzinfo=dt.UTC)
    thing = {
        "pod": Pod("a", {"DB_PASSWORD": "fish", "LEVEL": "debug"}, ("password=fish", "ok"), 3),
        "login": Login("bob", "fish", now),
        "sets": frozenset(["token=abc", "x"]),
        "pair": Pair("password=fish", 1),
        "raw": b"password=fish \xff",
        "rest": [None, True, 1.5, Colour.RED, now],
        "env": [{"name": "DB_PASSWORD", "value": "fish"}],
        "headers": [("Authorization", "Basic x"), ("X-Api-Key", "fish")],
        "credentials": {"user": "fish"},
    }
    out = KNOWN.value(thing)
    assert out["pod"] == Pod(
        "a", {"DB_PASSWORD": mask("password"), "LEVEL": "debug"}, (f"password={mask('password')}", "ok"), 3
    )
    assert out["login"] == Login("bob", mask("secret"), now)
    assert out["sets"] == {f"token={mask('token')}", "x"}
    assert out["pair"] == Pair(f"password={mask('password')}", 1)
    assert out["raw"] == f"password={mask('password')} ".encode() + b"\xff"
    assert out["rest"] == [None, True, 1.5, Colour.RED, now]
    assert "fish" not in repr((out["env"], out["headers"]))
    assert KNOWN.value(out) == out


def test_value_keys() -> None:
    """It redacts keys as well, and loses none when two become the same mask."""
    out = PLAIN.value({"password=a1": 1, "password=b2": 2})
    assert list(out.values()) == [1, 2]
    assert "a1" not in repr(out)


def test_value_that_needs_nothing_is_the_same() -> None:
    """It gives frozen evidence back as it is when there is nothing to mask."""
    pod = Pod("a", {"LEVEL": "debug"}, ("ok",))
    assert PLAIN.value(pod) is pod


def test_value_depth_is_bounded() -> None:
    """It puts a mask in place of what is nested beyond reason."""
    deep: Any = "password=fish"
    for _ in range(3_000):
        deep = [deep]
    out = PLAIN.value(deep)
    levels = 0
    while isinstance(out, list):
        out, levels = out[0], levels + 1
    assert out == mask("nested too deep")
    assert levels < 100


HOSTILE: dict[str, str] = {
    "dense assignments": "pw=a ",
    "dense keys": "key=",
    "names without values": "token",
    "token chain": "token:",
    "assignment chain": "password=a,",
    "open quotes": 'password="',
    "single quotes": "password='",
    "escaped quotes": 'password=\\"',
    "backslashes": "\\",
    "password and backslashes": "password=\\",
    "key begins": "-----BEGIN PRIVATE KEY-----\n",
    "addresses": "redis://:a",
    "addresses with at": "http://a:b@",
    "ports": "http://h:1/",
    "jwt": "eyJ",
    "dots": "eyJaaaaaaaa.",
    "base64": "QUJD",
    "masks": mask("x"),
    "masks cut off": "password=x1 " + mask("x")[:-1],
    "headers": "Authorization: ",
    "cookies": "Cookie: ",
    "brackets": "password=)",
    "open lists": "password=[",
    "percent": "%5",
    "unicode": "пароль=é\u200b",
    "names and values": "name=token,value=",
    "sentences": "token: a ",
    "blocks": "password: |\n a\n",
    "spaces": "password" + " " * 50,
    "commas": "password=," + "a" * 50,
    "aws": "AKIAABCDEFGHIJKLMNOP ",
    "nul": "\x00",
    "ampersands": "code=&code=" + "a" * 15,
    "xml": "<password>",
    "headers without blanks": "=--passwordAuthorization",
    "sentence without blanks": "error:token:a=",
    "hints": "auth=QUFBQUFBQUE6QUFBQUFBQTE5 ",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_linear_time(piece: str) -> None:
    """It is done in time that only linear work takes, whatever is repeated in the text."""
    text = piece * (400_000 // len(piece))
    began = time.process_time()
    KNOWN.text(text)
    # Seconds of processor time for 0.4 MB: five times what the slowest takes, a tenth of what quadratic time would.
    assert time.process_time() - began < 3
