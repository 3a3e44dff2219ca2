/**
 * Puts the interface monitor of `sluice/testing` on every wire of every test: between two stages, and between a stage and a
 * loop or a probe. So each test tests the protocol, too. A breach fails the test in which it was heard.
 *
 * Only Sluice's own sides are judged: a probe may say what it likes.
 */
import { afterEach } from "vitest";
import { OUTLET, type Outlet, type Subscribable, type Subscriber } from "sluice";
import { monitored, type ProtocolRule, type ProtocolViolation } from "sluice/testing";
import { InletLink } from "../../src/core/inlet-link.ts";
import { Reader } from "../../src/core/reader.ts";
import { Supply } from "../../src/adapters/node/supply.ts";
import { standBeforeOutlets } from "./outlets.ts";

const violations: ProtocolViolation[] = [];

afterEach(() => {
  const heard = violations.splice(0);
  if (heard.length > 0) throw new AggregateError(heard, `The protocol was broken: ${heard.map(({ message }) => message).join("; ")}`);
});

/** What the producer of a wire can break; the other rules are the consumer's. */
const PRODUCER_RULES: ReadonlySet<ProtocolRule> = new Set(["over-delivered", "empty-list", "after-end"]);

function listenTo(outlet: Outlet<unknown>, subscriber: Subscriber<unknown>): Subscribable<unknown> {
  const isOurs = subscriber instanceof InletLink || subscriber instanceof Reader || subscriber instanceof Supply;
  /** A probe has broken the protocol: what our side answers to that is not judged. */
  let isBroken = false;
  return monitored(
    { [OUTLET]: outlet },
    {
      freeze: true,
      ...(subscriber instanceof InletLink && subscriber.isAutomatic && { maxDemand: subscriber.settings.window.max }),
      handleViolation: (violation) => {
        if (isOurs || (PRODUCER_RULES.has(violation.rule) && !isBroken)) violations.push(violation);
        else isBroken = true;
      },
    },
  );
}

standBeforeOutlets((outlet, subscriber, replaces) => listenTo(outlet, subscriber)[OUTLET].connect(subscriber, replaces));
