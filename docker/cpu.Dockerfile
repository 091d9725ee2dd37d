# CPU image: docker build -f docker/cpu.Dockerfile -t espalier:cpu .
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      ca-certificates cmake g++ libhwy-dev maven ninja-build openjdk-17-jdk-headless \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /espalier
COPY . .
# Builds, and unpacks the native libraries so that a read-only container need not.
RUN ./espalier doctor

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /espalier/java/cli/target/lib /opt/espalier/lib
COPY --from=build /espalier/build/javacpp-cache /opt/espalier/native
ENV MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 OMP_WAIT_POLICY=passive
ENTRYPOINT ["java", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", \
  "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0", "-Dorg.bytedeco.javacpp.maxBytes=0", \
  "-Dorg.bytedeco.javacpp.cachedir=/opt/espalier/native", "-Djava.awt.headless=true", \
  "-cp", "/opt/espalier/lib/*", "dev.espalier.cli.Espalier"]
