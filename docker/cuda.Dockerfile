# GPU image: docker build -f docker/cuda.Dockerfile -t espalier:cuda .   Run with --gpus all; driver 580 or newer.
FROM nvidia/cuda:13.0.1-cudnn-devel-ubuntu24.04 AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      ca-certificates cmake g++ libhwy-dev maven ninja-build openjdk-17-jdk-headless libnccl2 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /espalier
COPY . .
RUN cmake -S . -B build/native -G Ninja -DCMAKE_BUILD_TYPE=Release -DESPALIER_CUDA=ON \
    && cmake --build build/native --target libraries \
    && mvn -B -ntp -q -DskipTests -Dspotless.check.skip=true -Dpytorch.classifier=linux-x86_64-gpu -pl java/cli -am package

FROM nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless libnccl2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /espalier/java/cli/target/lib /opt/espalier/lib
ENV MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 OMP_WAIT_POLICY=passive CUBLAS_WORKSPACE_CONFIG=:4096:8
ENTRYPOINT ["java", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", \
  "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0", "-Dorg.bytedeco.javacpp.maxBytes=0", \
  "-Dorg.bytedeco.javacpp.cachedir=/tmp/espalier-native", "-Djava.awt.headless=true", \
  "-cp", "/opt/espalier/lib/*", "dev.espalier.cli.Espalier"]
