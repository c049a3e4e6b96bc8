# cxr-triage as an ordinary user, no PyTorch, no network needed at run time.
#   docker build -t cxr-triage .
#   docker run --rm -v "$PWD/films:/films:ro" -v "$PWD/out:/out" cxr-triage score /films --out /out
# The service: everything that lasts is in /data, the rest may be read-only.
#   docker run --rm -it -v cxr-data:/data cxr-triage admin create-user ada --role administrator
#   docker run --read-only --tmpfs /tmp -v cxr-data:/data -v "$PWD/tls:/tls:ro" -p 443:8080 \
#     -e CXR_TRIAGE_TLS_CERTIFICATE=/tls/certificate.pem -e CXR_TRIAGE_TLS_KEY=/tls/key.pem \
#     -e CXR_TRIAGE_PUBLIC_URL=https://NAME cxr-triage
# Behind a proxy that encrypts, -e CXR_TRIAGE_TRUSTED_PROXIES=ADDRESS instead of the certificate.
# With PostgreSQL, and a hospital's own sign-in: --build-arg EXTRAS=server,postgres,oidc
FROM python:3.11-slim AS build
ARG EXTRAS=server
WORKDIR /build
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src ./src
COPY models ./models
RUN python -m venv /opt/cxr-triage \
    && /opt/cxr-triage/bin/pip install --no-cache-dir -c constraints.txt ".[${EXTRAS}]"

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 triage \
    && install --directory --owner triage --mode 700 /data
COPY --from=build /opt/cxr-triage /opt/cxr-triage
ENV PATH=/opt/cxr-triage/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CXR_TRIAGE_DATA_DIR=/data \
    CXR_TRIAGE_HOST=0.0.0.0
USER triage
WORKDIR /home/triage
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s \
    CMD ["python", "-m", "cxr_triage.api.health"]
ENTRYPOINT ["cxr-triage"]
CMD ["serve"]
