import { availableParallelism, cpus, totalmem } from "node:os";

/** Where the figures come from: they mean nothing elsewhere, only their ratios do. */
export interface Machine {
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMB: number;
}

export function describeMachine(): Machine {
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryMB: Math.round(totalmem() / 2 ** 20),
  };
}
