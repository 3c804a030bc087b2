export interface Stage {
  readonly name: string;
  /** Milliseconds since the change. */
  readonly at: number;
}

/** Collects how long changes took from stage to stage, and prints the median and the 99th percentile of each. */
export class LatencyTable {
  private readonly kinds = new Map<string, Map<string, number[]>>();

  /** `stages` in order; each took the time since the one before. */
  add(kind: string, stages: readonly Stage[]): void {
    let before = 0;
    for (const { name, at } of stages) {
      this.push(kind, name, at - before);
      before = at;
    }
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

  text(): string {
    const lines: string[] = [];
    for (const [kind, stages] of this.kinds) {
      const parts = [...stages.keys()].map(
        (stage) =>
          `${stage} ${this.quantile(kind, stage, 0.5).toFixed(0)} / ${this.quantile(kind, stage, 0.99).toFixed(0)}`,
      );
      lines.push(`    ${kind.padEnd(20)} n=${String(this.count(kind)).padEnd(4)} ${parts.join('   ')}`);
    }
    return `    median / p99, ms\n${lines.join('\n')}`;
  }

  private push(kind: string, stage: string, ms: number): void {
    const stages = this.kinds.get(kind) ?? new Map<string, number[]>();
    this.kinds.set(kind, stages);
    const all = stages.get(stage) ?? [];
    stages.set(stage, all);
    all.push(ms);
  }
}
