/** Aborts: one listener on each signal, however many stages heed it. Node warns of a leak at the eleventh. */

interface Heeder {
  readonly run: () => void;
}

/** Those who heed a signal, in the order in which they came. */
const heeders = new WeakMap<AbortSignal, { readonly all: Set<Heeder>; readonly listener: () => void }>();

/** Calls `run` once when the signal aborts; the function that is returned ends that. The signal has not aborted yet. */
export function heed(signal: AbortSignal, run: () => void): () => void {
  const known = heeders.get(signal) ?? listenTo(signal);
  const heeder = { run };
  known.all.add(heeder);
  return () => {
    if (known.all.delete(heeder) && known.all.size === 0) {
      signal.removeEventListener("abort", known.listener);
      heeders.delete(signal);
    }
  };
}

function listenTo(signal: AbortSignal): { readonly all: Set<Heeder>; readonly listener: () => void } {
  const all = new Set<Heeder>();
  const listener = (): void => {
    heeders.delete(signal);
    // Each of them may take itself out, or others.
    for (const heeder of all) heeder.run();
    all.clear();
  };
  const known = { all, listener };
  heeders.set(signal, known);
  signal.addEventListener("abort", listener, { once: true });
  return known;
}
