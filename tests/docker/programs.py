"""One program for each language that uses features which a sandbox could forbid by mistake."""

from typing import Final

PYTHON: Final = """
import asyncio, concurrent.futures, ctypes, multiprocessing, os, socket, subprocess, threading

def square(number):
    return number * number

async def serve():
    async def answer(reader, writer):
        writer.write(await reader.readline())
        writer.close()
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"echo\\n")
        print((await reader.readline()).decode().strip())
        writer.close()

if __name__ == "__main__":
    seen = []
    threads = [threading.Thread(target=seen.append, args=(i,)) for i in range(16)]
    for each in threads: each.start()
    for each in threads: each.join()
    print("threads", len(seen))
    print("subprocess", subprocess.check_output(["sh", "-c", "echo $((6 * 7))"], text=True).strip())
    for method in "fork", "spawn", "forkserver":
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(square, [2, 3]))
    asyncio.run(serve())
    print("libc", ctypes.CDLL(None).getpid() == os.getpid())
    print("interfaces", socket.if_nameindex())
    os.nice(1)
    os.mkfifo("/tmp/fifo")
    master, slave = os.openpty()
    print("ok")
"""
PYTHON_SAYS: Final = """\
threads 16
subprocess 42
fork [4, 9]
spawn [4, 9]
forkserver [4, 9]
echo
libc True
interfaces [(1, 'lo')]
ok
"""

NODE: Final = """
const { Worker, isMainThread, parentPort } = require("worker_threads");
const { execFileSync, fork } = require("child_process");
const http = require("http");
const once = (emitter, event) => require("events").once(emitter, event);

if (process.send) {
  process.send("from the child");
} else if (!isMainThread) {
  parentPort.postMessage(7);
} else (async () => {
  const workers = [1, 2, 3, 4].map(() => once(new Worker(__filename), "message"));
  console.log("workers", (await Promise.all(workers)).flat().join(" "));
  console.log("execFile", execFileSync("sh", ["-c", "echo 42"]).toString().trim());
  console.log("fork", (await once(fork(__filename), "message"))[0]);
  const server = http.createServer((_, response) => response.end("hey")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const [reply] = await once(http.get({ port: server.address().port }), "response");
  console.log("http", (await once(reply, "data"))[0].toString());
  server.close();
  console.log("interfaces", Object.keys(require("os").networkInterfaces()).join(" "));
  require("os").setPriority(0, 1);
  console.log("ok");
})();
"""
NODE_SAYS: Final = """\
workers 7 7 7 7
execFile 42
fork from the child
http hey
interfaces lo
ok
"""

CPP: Final = r"""
#include <bits/stdc++.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main() {
    std::atomic<int> seen = 0;
    { std::vector<std::jthread> threads; for (int i = 0; i < 16; i++) threads.emplace_back([&] { seen++; }); }
    std::cout << "threads " << seen << "\n";
    std::cout << "async " << std::async(std::launch::async, [] { return 42; }).get() << std::endl;
    pid_t child = fork();
    if (child == 0) _exit(3);
    int status;
    waitpid(child, &status, 0);
    std::cout << "fork " << WEXITSTATUS(status) << "\n";
    std::cout << "system " << std::system("exit 0") << "\n";
    std::filesystem::create_directories("/tmp/a/b");
    std::ofstream("/tmp/a/b/c") << "x";
    std::filesystem::copy("/tmp/a", "/tmp/d", std::filesystem::copy_options::recursive);
    std::cout << "files " << std::filesystem::file_size("/tmp/d/b/c") << "\n";
    std::cout << "shared " << (shm_open("/x", O_CREAT | O_RDWR, 0600) >= 0) << "\n";
    cpu_set_t cpus;
    sched_getaffinity(0, sizeof cpus, &cpus);
    std::cout << "affinity " << pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus) << "\n";
    ifaddrs* interfaces;
    std::cout << "interfaces " << getifaddrs(&interfaces) << "\n";
    try { throw std::runtime_error("ok"); } catch (std::exception& error) { std::cout << error.what() << "\n"; }
}
"""  # noqa: E501
CPP_SAYS: Final = """\
threads 16
async 42
fork 3
system 0
files 1
shared 1
affinity 0
interfaces 0
ok
"""

JAVA: Final = """
import java.net.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        AtomicInteger seen = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 16; i++) threads.add(new Thread(seen::incrementAndGet));
        for (Thread each : threads) each.start();
        for (Thread each : threads) each.join();
        System.out.println("threads " + seen);
        ExecutorService pool = Executors.newFixedThreadPool(4);
        System.out.println("pool " + pool.submit(() -> 42).get());
        pool.shutdown();
        System.out.println("parallel " + IntStream.range(0, 100).parallel().sum());
        Process process = new ProcessBuilder("sh", "-c", "echo 42").start();
        System.out.println("process " + new String(process.getInputStream().readAllBytes()).trim());
        Path file = Files.createTempFile("a", "b");
        Files.writeString(file, "grün");
        System.out.println("file " + Files.readString(file));
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
            server.accept().getOutputStream().write(65);
            System.out.println("tcp " + client.getInputStream().read());
        }
        System.out.println("interfaces " + NetworkInterface.networkInterfaces()
            .map(NetworkInterface::getName).collect(Collectors.joining(" ")));
        System.out.println("ok");
    }
}
"""
JAVA_SAYS: Final = """\
threads 16
pool 42
parallel 4950
process 42
file grün
tcp 65
interfaces lo
ok
"""
