import { writeSync } from 'node:fs';
import { setTimeout } from './native';

const STDERR = 2;
const RETRY_MS = 50;
const MOST_WAITING = 100;

/**
 * Standard error without its stream: creating `process.stderr` costs time and makes a handle the application did
 * not ask for. Never throws. A full pipe keeps at most a hundred lines back; a closed one ends the writing.
 */
export class Stderr {
  #waiting: string[] = [];
  #closed = false;

  constructor(private readonly write: (fd: number, text: string) => number = writeSync) {}

  line(text: string): void {
    if (this.#closed) return;
    if (this.#waiting.length > 0) this.#keep(text);
    else this.#put(text);
  }

  #put(text: string): boolean {
    try {
      this.write(STDERR, text);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#keep(text);
      // Anything else (EPIPE, EBADF) stays so: nobody reads any more.
      else this.#closed = true;
      return false;
    }
  }

  #keep(text: string): void {
    if (this.#waiting.length >= MOST_WAITING) return;
    this.#waiting.push(text);
    if (this.#waiting.length === 1) setTimeout(() => this.#retry(), RETRY_MS).unref();
  }

  #retry(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    for (let i = 0; i < lines.length; i++) {
      if (this.#put(lines[i]!)) continue;
      if (!this.#closed) this.#waiting.push(...lines.slice(i + 1));
      return;
    }
  }
}
