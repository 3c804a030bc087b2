import { cpus, loadavg, totalmem } from 'node:os';

export interface Stage {
  readonly name: string;
  /** Milliseconds since the change. */
  readonly at: number;
}

/** Collects how long changes took from stage to stage, and prints the median and the 99th percentile of each. */
export class LatencyTable {
  private readonly kinds = new Map<string, Map<string, number[]>>();

  /** `after`: a stage from which the time to the end has a column of its own. */
  constructor(private readonly after?: string) {}

  /** `stages` in order; each took the time since the one before. */
  add(kind: string, stages: readonly Stage[]): void {
    let before = 0;
    for (const { name, at } of stages) {
      this.push(kind, name, at - before);
      before = at;
    }
    const start = stages.find(({ name }) => name === this.after);
    if (start) this.push(kind, afterStage(start.name), before - start.at);
    this.push(kind, 'all', before);
  }

  count(kind: string): number {
    return this.kinds.get(kind)?.get('all')?.length ?? 0;
  }

  /** Milliseconds at a share between 0 and 1. */
  quantile(kind: string, stage: string, share: number): number {
    const sorted = [...(this.kinds.get(kind)?.get(stage) ?? [])].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  }

  /** Markdown, as it stands in the documentation. */
  text(): string {
    const named = [...this.kinds.values()].flatMap((each) => [...each.keys()]);
    const stages = [...new Set(named.filter((name) => name !== 'all')), 'all'];
    const rows = [...this.kinds.keys()].map((kind) => [
      kind,
      String(this.count(kind)),
      ...stages.map((stage) => this.cell(kind, stage)),
    ]);
    return markdownTable(['median / p99, ms', 'n', ...stages], rows);
  }

  private cell(kind: string, stage: string): string {
    if (!this.kinds.get(kind)?.has(stage)) return '–';
    return [0.5, 0.99].map((share) => this.quantile(kind, stage, share).toFixed(0)).join(' / ');
  }

  private push(kind: string, stage: string, ms: number): void {
    const stages = this.kinds.get(kind) ?? new Map<string, number[]>();
    this.kinds.set(kind, stages);
    const all = stages.get(stage) ?? [];
    stages.set(stage, all);
    all.push(ms);
  }
}

/** The stage from `name`'s moment to the end. */
export function afterStage(name: string): string {
  return `after ${name}`;
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Day, machine and how busy it is now: without them no figure means anything. */
export function measuredOn(): string {
  const [first] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${cpus().length} × ${first?.model ?? 'unknown processor'}, ${memory}, Node ${process.versions.node}`;
  return `${new Date().toISOString().slice(0, 10)}; ${machine}; load ${loadavg()[0]!.toFixed(1)}`;
}
