# One image for the code location, the webserver, the daemon and the command line.
FROM python:3.12-slim AS build
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
# The dependencies first: they change less often than our code, so this layer is kept.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project
COPY README.md LICENSE ./
COPY partyhub_dagster partyhub_dagster
RUN uv sync --locked --no-dev

FROM python:3.12-slim
RUN useradd --uid 1000 --create-home hub && mkdir -p /hub /config /opt/dagster && chown hub /hub /opt/dagster
WORKDIR /app
COPY --from=build /app /app
COPY workspace.yaml dagster.yaml ./
COPY dagster.yaml /opt/dagster/dagster.yaml
ENV PATH=/app/.venv/bin:$PATH \
    DAGSTER_HOME=/opt/dagster \
    PARTYHUB_HOME=/hub \
    PARTYHUB_CONFIG=/config/hub.yaml
USER hub
CMD ["partyhub", "--help"]
