# What every job runs in: four languages, no network, no way up.
# Built by `codesync image build` and tagged by the hash of this file; the server passes its runner as the command.
# Nothing is copied in, so the build needs no context and the image holds no secret of ours.
FROM debian:bookworm-slim

LABEL org.opencontainers.image.title="CodeSync executor" \
      org.opencontainers.image.description="g++, Python 3, Node.js and Java 17 for one-shot sandboxes"

# Mirrors fail now and then, and a build that hangs is worse than one that ends: retries, and a time limit for each try.
# Documentation, translations and Java's link-time modules (75 MB, only jlink reads them) stay out; licence texts stay in.
# openjdk's installation fails without the directory for manual pages, which slim images lack.
RUN printf 'Acquire::Retries "5";\nAcquire::http::Timeout "30";\nAPT::Install-Recommends "false";\n' \
      > /etc/apt/apt.conf.d/80codesync \
 && printf 'path-exclude %s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/locale/*' \
      '/usr/lib/jvm/*/jmods/*' > /etc/dpkg/dpkg.cfg.d/codesync \
 && printf 'path-include %s\n' '/usr/share/doc/*/copyright' >> /etc/dpkg/dpkg.cfg.d/codesync \
 && mkdir -p /usr/share/man/man1 \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y g++ nodejs openjdk-17-jdk-headless python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log

# No file may lend a program the rights of its owner: no setuid, no setgid, no file capabilities (attacks.md A22).
# Last of all that changes files, so that no package can bring one back.
RUN find / -xdev -perm /6000 -exec chmod ug-s '{}' + \
 && find / -xdev -type f -print0 | python3 -I -S -c 'import os, sys; \
      key = "security.capability"; \
      names = sys.stdin.buffer.read().split(b"\0")[:-1]; \
      [os.removexattr(name, key) for name in names if key in os.listxattr(name)]'

# A program starts with the numeric id of its container, no passwd entry, and /tmp as the only place to write.
# nobody is only who runs when somebody forgets to say.
ENV LANG=C.UTF-8 HOME=/tmp
WORKDIR /tmp
USER 65534:65534
