// A process that does nothing but watch its event loop: what it waits, everybody on this machine waits now.
import { answerParent } from './child.ts';
import { type LoopDelay, watchLoop } from './loop-monitor.ts';

let ended: (() => LoopDelay) | undefined;

const handlers = {
  begin(_: null): null {
    ended = watchLoop();
    return null;
  },
  end(_: null): LoopDelay {
    if (ended === undefined) throw new Error('It did not begin');
    return ended();
  },
};

export type IdleCalls = typeof handlers;

answerParent(handlers);
