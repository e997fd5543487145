# Two targets: `web` (portal, coordinator, set-up) and `node` (a party node's console and runner).
# docker build --target web -t creditzone-web .    docker build --target node -t creditzone-node .

FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
RUN pip install --no-cache-dir uv==0.13.9 && python -m venv /venv
COPY requirements.txt .
RUN uv pip install --no-cache --python /venv/bin/python -r requirements.txt

FROM python:3.11-slim-bookworm AS base
# libgcrypt seals five times as fast as the fallback; libcrypto holds SM2.
RUN apt-get update && apt-get install -y --no-install-recommends libgcrypt20 libgomp1 libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/creditzone --create-home creditzone
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CREDITZONE_HOME=/var/lib/creditzone
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py ./
COPY creditzone creditzone
COPY apps apps
COPY templates templates
COPY static static
COPY deploy deploy
COPY demo demo
RUN python -m deploy.translations
VOLUME /var/lib/creditzone

FROM base AS web
ENV DJANGO_SETTINGS_MODULE=creditzone.settings.portal
USER creditzone
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-m", "deploy.healthy", "8000", "/readyz"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--http", "1", "--workers", "2", \
     "--blocking-threads", "16", "--backpressure", "128", "--no-ws", "creditzone.wsgi:application"]

FROM base AS node
ENV DJANGO_SETTINGS_MODULE=creditzone.settings.node CREDITZONE_NODE_HOME=/var/lib/creditzone/node \
    CREDITZONE_STATIC_ROOT=/app/collected
# No set-up job comes to a node: its static files are collected here, under a key that is told to nobody.
RUN CREDITZONE_NODE_URL=http://localhost CREDITZONE_NODE_SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex(48))") \
    python manage.py collectstatic --noinput --verbosity 0
USER creditzone
EXPOSE 8101
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-m", "deploy.healthy", "8101", "/healthz"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8101", "--http", "1", "--workers", "1", \
     "--blocking-threads", "4", "--backpressure", "32", "--no-ws", "creditzone.node_wsgi:application"]
