# One image for server, set-up and workers; see compose.yaml.
FROM python:3.11-slim
WORKDIR /dao
COPY constraints/3.11.txt constraints.txt
COPY pyproject.toml README.md LICENSE ./
# torch comes first and alone: with it in place no other package pulls in a CUDA build.
RUN pip install --no-cache-dir -c constraints.txt --index-url https://download.pytorch.org/whl/cpu \
    --extra-index-url https://pypi.org/simple torch
COPY . .
RUN pip install --no-cache-dir -c constraints.txt -e '.[all]'
