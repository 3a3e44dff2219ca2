/** A way to stand before all producing stages of a process. */
import { OUTLET, producer, type Outlet, type Subscribable, type Subscriber } from "sluice";

type Connecting = Outlet<unknown>["connect"];

/** Opens a wire to a stage in its place. */
type Connect = (outlet: Outlet<unknown>, subscriber: Subscriber<unknown>, replaces: Parameters<Connecting>[1]) => ReturnType<Connecting>;

/** From now on every wire that is opened to a stage is opened by `connect`; returns what ends that. */
export function standBeforeOutlets(connect: Connect): () => void {
  const prototype = prototypeOfProducers();
  const original = Object.getOwnPropertyDescriptor(prototype, OUTLET);
  if (original?.get === undefined) throw new Error("expected producers to have a getter for their outlet");
  // oxlint-disable-next-line typescript/unbound-method -- it is called with each producer
  const { get } = original;
  const known = new WeakMap<Outlet<unknown>, Outlet<unknown>>();
  const before = (outlet: Outlet<unknown>): Outlet<unknown> => {
    const made = known.get(outlet) ?? {
      name: outlet.name,
      dispatchOptions: outlet.dispatchOptions,
      connect: (subscriber, replaces) => connect(outlet, subscriber, replaces),
      released: () => outlet.released(),
    };
    known.set(outlet, made);
    return made;
  };
  Object.defineProperty(prototype, OUTLET, {
    configurable: true,
    get(this: Subscribable<unknown>) {
      return before(get.call(this) as Outlet<unknown>);
    },
  });
  return () => void Object.defineProperty(prototype, OUTLET, original);
}

/** The class of all producing stages: where the key is. */
function prototypeOfProducers(): object {
  let prototype = Object.getPrototypeOf(producer({ name: "to find its class" })) as object;
  while (!Object.hasOwn(prototype, OUTLET)) prototype = Object.getPrototypeOf(prototype) as object;
  return prototype;
}
