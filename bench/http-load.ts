// The other process of bench/http.ts: keeps connections busy with one address for a while, and prints what it saw as JSON.
//   tsx bench/http-load.ts URL CONNECTIONS MILLISECONDS
import { connect } from "node:net";

const [address = "", connections = "32", durationMs = "2000"] = process.argv.slice(2);
const { hostname, port, pathname, search } = new URL(address);
// By hand on a bare socket: the client of node:http needs more time than the server that is to be measured.
const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`;
const tookMs: number[] = [];
let failed = 0;
const began = performance.now();
const end = began + Number(durationMs);

/** One connection: a request, its answer, the next request. Answers name their length. */
const keepBusy = (): Promise<void> =>
  new Promise((done) => {
    const socket = connect(Number(port), hostname);
    let start = 0;
    let head = "";
    let missingBytes = -1;
    const ask = (): void => {
      if (performance.now() >= end) {
        socket.end();
        done();
        return;
      }
      start = performance.now();
      socket.write(request);
    };
    socket.setNoDelay(true);
    socket.on("connect", ask);
    socket.on("data", (piece: Buffer) => {
      let bodyBytes = piece.length;
      if (missingBytes < 0) {
        head += piece.toString("latin1");
        const headEnd = head.indexOf("\r\n\r\n");
        if (headEnd < 0) return;
        missingBytes = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (!head.startsWith("HTTP/1.1 200")) failed++;
        bodyBytes = head.length - headEnd - 4;
      }
      missingBytes -= bodyBytes;
      if (missingBytes > 0) return;
      head = "";
      missingBytes = -1;
      tookMs.push(performance.now() - start);
      ask();
    });
    socket.on("error", () => {
      failed++;
      done();
    });
  });

await Promise.all(Array.from({ length: Number(connections) }, keepBusy));
const seconds = (performance.now() - began) / 1000;
tookMs.sort((a, b) => a - b);
const percentile = (share: number): number => tookMs[Math.floor(tookMs.length * share)] ?? Number.NaN;
console.log(
  JSON.stringify({
    perSecond: tookMs.length / seconds,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    failed,
  }),
);
