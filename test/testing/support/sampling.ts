import type { DispatcherFactory } from "sluice";

/** Drops the events that `keeps` refuses, before another dispatcher sees them. */
export function sampling<Event>(keeps: (event: Event) => boolean, factory: DispatcherFactory<Event>): DispatcherFactory<Event> {
  return (host) => {
    const inner = factory(host);
    return {
      get capacity() {
        return inner.capacity;
      },
      subscribe: (recipient) => inner.subscribe(recipient),
      ask: (recipient, demand) => inner.ask(recipient, demand),
      cancel: (recipient) => inner.cancel(recipient),
      dispatch(events) {
        const { capacity } = inner;
        const kept: Event[] = [];
        let taken = 0;
        for (const event of events) {
          if (kept.length === capacity) break;
          if (keeps(event)) kept.push(event);
          taken += 1;
        }
        if (taken > kept.length) host.dropped(taken - kept.length);
        if (kept.length > 0) inner.dispatch(kept);
        return taken;
      },
    };
  };
}
