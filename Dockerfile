# cxr-triage as an ordinary user, no PyTorch, no network needed at run time.
#   docker build -t cxr-triage .
#   docker run --rm -v "$PWD/films:/films:ro" -v "$PWD/out:/out" cxr-triage score /films --out /out
FROM python:3.11-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src ./src
COPY models ./models
RUN python -m venv /opt/cxr-triage \
    && /opt/cxr-triage/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 triage
COPY --from=build /opt/cxr-triage /opt/cxr-triage
ENV PATH=/opt/cxr-triage/bin:$PATH PYTHONUNBUFFERED=1
USER triage
WORKDIR /home/triage
ENTRYPOINT ["cxr-triage"]
CMD ["--help"]
