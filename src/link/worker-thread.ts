import { Worker } from 'node:worker_threads';
import type { Log } from '../observe';
import { clearTimeout, setTimeout } from '../observe/native';
import type { MainMessage, WorkerMessage, WorkerStart } from './protocol';

const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 60_000;
/** A worker that lived this long died of something new. */
const STEADY_MS = 60_000;
/** Room for new objects, MiB. V8's own lets the garbage of a big push stay for good: 30 to 70 MiB of 10,000 services. */
const YOUNG_MEMORY_MB = 6;

export interface WorkerThreadOptions {
  /** The bundled worker. */
  readonly file: string;
  /** Heap limit, MiB. */
  readonly memoryMb: number;
  readonly log: Log;
  /** Called for each start. */
  readonly start: () => WorkerStart;
  readonly message: (message: WorkerMessage) => void;
  /** The worker is gone, or there cannot be one. */
  readonly down: () => void;
}

/**
 * Starts the link's worker thread and starts it again when it dies. It never keeps the process alive, never takes
 * the process down with it, and nothing of the application runs inside: no NODE_OPTIONS, no execArgv.
 */
export class WorkerThread {
  #worker: Worker | undefined;
  #startedAt = 0;
  #deaths = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(readonly options: WorkerThreadOptions) {}

  start(): void {
    const { file, memoryMb, log } = this.options;
    this.#startedAt = Date.now();
    try {
      const worker = new Worker(file, {
        name: 'inmesh-link',
        // The worker reads no environment; one with NODE_OPTIONS would run the preload (and every APM) in it.
        env: {},
        execArgv: [],
        workerData: this.options.start(),
        resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MEMORY_MB },
      });
      this.#worker = worker;
      worker.on('message', this.options.message);
      let reason = 'it ended';
      worker.on('error', (error: Error) => {
        reason = error.message;
      });
      worker.on('messageerror', (error: Error) => {
        log.line(
          'error',
          'link.defect',
          `a message of the link's worker could not be read: ${error.message}`,
        );
      });
      worker.on('exit', () => this.#died(worker, reason));
      // After the listeners: listening to messages holds the process again.
      worker.unref();
    } catch (error) {
      // Not allowed (--permission) or not possible: that does not change by trying.
      const why = (error as Error).message;
      log.line(
        'error',
        'link.no-worker',
        `the agent is off: no worker thread can be started (${why}); calls pass through. With --permission add --allow-worker and --allow-fs-read`,
      );
      this.options.down();
    }
  }

  post(message: MainMessage): void {
    this.#worker?.postMessage(message);
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    await this.#worker?.terminate();
  }

  #died(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    if (this.#stopped) return;
    this.#deaths = Date.now() - this.#startedAt >= STEADY_MS ? 1 : this.#deaths + 1;
    const ceiling = Math.min(LONGEST_RESTART_MS, FIRST_RESTART_MS * 2 ** (this.#deaths - 1));
    const waitMs = ceiling * (0.5 + Math.random() / 2);
    this.options.log.line(
      'error',
      'link.worker',
      `the link's worker thread ended (${reason}); calls keep their last known routes, it is started again`,
      { waitMs: Math.round(waitMs) },
    );
    this.options.down();
    this.#restart = setTimeout(() => this.start(), waitMs).unref();
  }
}
