# Images of textclf. docs/image.md says how to use, check and pin them.
#   docker build --target answering -t textclf .             predict, evaluate, explain, serve: no TensorFlow
#   docker build --target training -t textclf-train .        everything
#   docker build --build-arg PYTHON=python:3.13-slim@sha256:... .
ARG PYTHON=python:3.13-slim-trixie

FROM ${PYTHON} AS wheel
WORKDIR /build
COPY requirements/build.txt requirements/
RUN python -m venv tools && tools/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY configs configs
COPY data data
COPY textclf textclf
RUN tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels .

FROM wheel AS answering-packages
COPY requirements/answering.txt requirements/
RUN python -m venv --without-pip /opt/textclf \
 && tools/bin/pip --python /opt/textclf/bin/python install --no-cache-dir --no-deps --require-hashes --requirement requirements/answering.txt \
 && tools/bin/pip --python /opt/textclf/bin/python install --no-cache-dir --no-deps wheels/*.whl \
 && rm -rf /opt/textclf/lib/python*/site-packages/pyarrow/include \
           /opt/textclf/lib/python*/site-packages/pyarrow/tests \
           /opt/textclf/lib/python*/site-packages/onnxruntime/transformers \
           /opt/textclf/lib/python*/site-packages/onnxruntime/quantization \
           /opt/textclf/lib/python*/site-packages/pandas/tests

FROM wheel AS training-packages
COPY constraints.txt ./
RUN python -m venv --without-pip /opt/textclf \
 && tools/bin/pip --python /opt/textclf/bin/python install --no-cache-dir --constraint constraints.txt "$(echo wheels/*.whl)[chinese,report,serve,tensorboard]"

# The final images hold one folder more than the base image. 10001 owns nothing in them.
FROM ${PYTHON} AS training
COPY --from=training-packages /opt/textclf /opt/textclf
ENV PATH=/opt/textclf/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1
WORKDIR /work
USER 10001:10001
ENTRYPOINT ["textclf"]
CMD ["--help"]

FROM ${PYTHON} AS answering
COPY --from=answering-packages /opt/textclf /opt/textclf
ENV PATH=/opt/textclf/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1
WORKDIR /work
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/v2/health/ready', timeout=4)"]
ENTRYPOINT ["textclf"]
CMD ["serve", "--host", "0.0.0.0", "--run", "/classifier"]
