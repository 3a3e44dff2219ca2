import { SluiceError, type Dispatcher, type DispatcherFactory, type Recipient } from "sluice";

/** Sends one event to each consumer that has asked, in turn. As a user would write it: with nothing but the public interface. */
export function roundRobin<Event>(): DispatcherFactory<Event> {
  return () => {
    const open = new Map<Recipient<Event>, number>();
    const dispatcher: Dispatcher<Event> = {
      get capacity() {
        return [...open.values()].reduce((sum, demand) => sum + demand, 0);
      },
      subscribe(recipient) {
        if ([...open.keys()].some(({ identity }) => identity === recipient.identity)) {
          throw new SluiceError("SLUICE_ALREADY_SUBSCRIBED", `${recipient.name} has its turn already`);
        }
        open.set(recipient, 0);
      },
      ask(recipient, demand) {
        const before = open.get(recipient);
        if (before !== undefined) open.set(recipient, before + demand);
      },
      cancel(recipient) {
        open.delete(recipient);
      },
      dispatch(events) {
        const lists = new Map<Recipient<Event>, Event[]>();
        let taken = 0;
        while (taken < events.length) {
          const next = [...open].find(([, demand]) => demand > 0);
          if (next === undefined) break;
          const [recipient, demand] = next;
          lists.set(recipient, [...(lists.get(recipient) ?? []), events[taken] as Event]);
          taken += 1;
          // To the end of the line.
          open.delete(recipient);
          open.set(recipient, demand - 1);
        }
        for (const [recipient, list] of lists) recipient.send(list);
        return taken;
      },
    };
    return dispatcher;
  };
}
