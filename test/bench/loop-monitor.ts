// How long the event loop of this process kept others waiting.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import process from 'node:process';

export interface LoopDelay {
  /** Milliseconds, the timer's own resolution of one millisecond included. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** The longest stretch in processor time of this thread: what others take from the machine is not in it. */
  readonly busiest: number;
  /** The longest stretches, longest first. */
  readonly stretches: readonly Stretch[];
  readonly seconds: number;
}

interface Stretch {
  /** Seconds since the monitor began. */
  readonly at: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

const resolutionMs = 1;
const mostStretches = 12;

/** Monitors from now on; the function that it returns ends that. */
export function watchLoop(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  const stretches: Stretch[] = [];
  const begin = performance.now();
  let wall = begin;
  let cpu = threadCpuMs();
  let busiest = 0;
  const look = (): void => {
    const nextWall = performance.now();
    const nextCpu = threadCpuMs();
    const stretch = { at: (wall - begin) / 1000, wallMs: nextWall - wall, cpuMs: nextCpu - cpu };
    wall = nextWall;
    cpu = nextCpu;
    busiest = Math.max(busiest, stretch.cpuMs);
    if (stretch.wallMs < (stretches.at(mostStretches - 1)?.wallMs ?? 4)) return;
    stretches.push(stretch);
    stretches.sort((a, b) => b.wallMs - a.wallMs);
    stretches.length = Math.min(stretches.length, mostStretches);
  };
  const timer = setInterval(look, resolutionMs);
  histogram.enable();
  return () => {
    histogram.disable();
    clearInterval(timer);
    look();
    return {
      p50: histogram.percentile(50) / 1e6,
      p99: histogram.percentile(99) / 1e6,
      max: histogram.max / 1e6,
      busiest,
      stretches,
      seconds: (performance.now() - begin) / 1000,
    };
  };
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
