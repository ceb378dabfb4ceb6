# The image of the sandboxes: compilers and interpreters of the built-in languages.
# Built by `codesync image build` and tagged by the hash of this file; the server passes its runner as the command.
# Nothing is copied in, so the build needs no context and the image holds no secret.
FROM debian:bookworm-slim

LABEL org.opencontainers.image.title="CodeSync executor" \
      org.opencontainers.image.description="g++, Python 3, Node.js and Java 17 for one-shot sandboxes"

# Package mirrors fail occasionally: each attempt has a time limit and is repeated.
# Documentation, translations and Java's link-time modules (75 MB, only jlink reads them) are left out; licence texts are kept.
# The installation of openjdk fails without the directory for manual pages, which slim images lack.
RUN printf 'Acquire::Retries "5";\nAcquire::http::Timeout "30";\nAPT::Install-Recommends "false";\n' \
      > /etc/apt/apt.conf.d/80codesync \
 && printf 'path-exclude %s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/locale/*' \
      '/usr/lib/jvm/*/jmods/*' > /etc/dpkg/dpkg.cfg.d/codesync \
 && printf 'path-include %s\n' '/usr/share/doc/*/copyright' >> /etc/dpkg/dpkg.cfg.d/codesync \
 && mkdir -p /usr/share/man/man1 \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y g++ nodejs openjdk-17-jdk-headless python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log

# Removes every setuid and setgid bit and every file capability (docs/hazards.md, A22).
# This is the last step that changes files, so no package can add one.
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
