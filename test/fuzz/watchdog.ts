import { Worker } from 'node:worker_threads';

const headerBytes = 8;

/**
 * Ends the process when one input keeps it busy for too long: a loop without end lets no timer run, so a thread of its own
 * looks. It writes the input to `file` and says so on stderr; the process ends with SIGKILL.
 */
export class Watchdog {
  readonly #header: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #worker: Worker;

  constructor(file: string, mostBytes: number, limitMs: number) {
    const shared = new SharedArrayBuffer(headerBytes + mostBytes);
    this.#header = new Int32Array(shared, 0, 2);
    this.#bytes = new Uint8Array(shared, headerBytes);
    const source = `
      const { workerData: { shared, file, limitMs } } = require('node:worker_threads');
      const fs = require('node:fs');
      const path = require('node:path');
      const header = new Int32Array(shared, 0, 2);
      let last = -1;
      let since = Date.now();
      setInterval(() => {
        const now = Atomics.load(header, 0);
        if (now !== last) { last = now; since = Date.now(); return; }
        if (now === 0 || Date.now() - since < limitMs) return;
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, Buffer.from(new Uint8Array(shared, ${headerBytes}, Atomics.load(header, 1))));
        fs.writeSync(2, 'FAILED: execution ' + now + ' does not end; its input is in ' + file + '\\n');
        process.kill(process.pid, 'SIGKILL');
      }, 1000);
    `;
    this.#worker = new Worker(source, { eval: true, workerData: { shared, file, limitMs } });
    this.#worker.unref();
  }

  /** To be called with each input before it is read. */
  watch(input: Uint8Array): void {
    this.#bytes.set(input.length > this.#bytes.length ? input.subarray(0, this.#bytes.length) : input);
    Atomics.store(this.#header, 1, Math.min(input.length, this.#bytes.length));
    Atomics.add(this.#header, 0, 1);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
