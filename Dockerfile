# CallSphere for production: the same steps as `make run`, without the embedded servers and the test tools.

FROM node:22-bookworm-slim AS assets
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel error
COPY callsphere/web callsphere/web
COPY templates templates
RUN npm run --silent build

FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
RUN python -m venv .venv && pip install --no-cache-dir --quiet uv==0.13.9
COPY pyproject.toml requirements.lock ./
# Only what pyproject.toml names as dependencies, in the versions and with the hashes of the lock file.
RUN uv pip install --no-cache --quiet --require-hashes --python .venv/bin/python \
    -r pyproject.toml -c requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/app/static \
    CELERY_BEAT_SCHEDULE_FILE=/tmp/beat-schedule
RUN groupadd --gid 10001 callsphere \
    && useradd --uid 10001 --gid callsphere --no-create-home --shell /usr/sbin/nologin callsphere
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY manage.py pyproject.toml ./
COPY callsphere callsphere
COPY tenants tenants
COPY trunks trunks
COPY agents agents
COPY billing billing
COPY templates templates
COPY --from=assets /app/callsphere/web/static/build callsphere/web/static/build
# Collecting static files reads the settings, which want addresses and keys; none is used or kept.
RUN SECRET_KEY=build KEY_ENCRYPTION_KEYS=build DATABASE_URL=postgres://build@localhost/build \
    REDIS_URL=redis://localhost/0 python manage.py collectstatic --no-input --verbosity 0
USER callsphere
EXPOSE 8000
CMD ["gunicorn", "callsphere.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", \
     "--worker-class", "gthread", "--threads", "8", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
