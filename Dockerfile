# Volati in a container: built with the locked dependencies, run without root, without a compiler.
# glibc, because the embedded store's program is built for it.
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/volati
WORKDIR /src
COPY requirements.lock requirements-dev.lock ./
# Wheels alone: nothing is compiled, here or anywhere. setuptools builds ours, and is locked as well.
RUN /opt/volati/bin/python -m pip install --only-binary :all: --require-hashes --requirement requirements.lock \
 && sed -n '/^setuptools==/,/[^\\]$/p' requirements-dev.lock > build.lock \
 && python -m venv /build \
 && /build/bin/python -m pip install --only-binary :all: --require-hashes --requirement build.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY handlers handlers
COPY diagnostics diagnostics
COPY playground playground
RUN /build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/volati/bin/python -m pip install --no-deps --no-index --find-links /wheels volati \
 && /opt/volati/bin/python -m pip uninstall --yes pip \
 && /opt/volati/bin/python -m compileall -q /opt/volati/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="Volati" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 volati \
 && useradd --uid 10001 --gid 10001 --create-home --home-dir /var/lib/volati --shell /usr/sbin/nologin volati
COPY --from=build /opt/volati /opt/volati
ENV PATH=/opt/volati/bin:$PATH PYTHONUNBUFFERED=1 \
    VOLATI_DATA_DIR=/var/lib/volati/data VOLATI_SERVER__HOST=0.0.0.0 VOLATI_SERVER__PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \
    "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['VOLATI_SERVER__PORT']}/healthz\", timeout=4)"]
USER 10001
WORKDIR /var/lib/volati
VOLUME /var/lib/volati
STOPSIGNAL SIGTERM
ENTRYPOINT ["volati"]
CMD ["serve", "--config", "/etc/volati/volati.yaml"]
