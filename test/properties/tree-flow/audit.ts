/** What must be true of the stages of a tree: law 7 at each quiet moment, and where each event is when all have ended. */
import type { Life } from "./life.ts";
import { ENDLESS } from "./plan.ts";

/** Law 7, of every stage that ever lived. */
export function auditCounts(lives: readonly Life[], breaches: string[]): void {
  for (const { name, snapshot } of lives) {
    const { input, output } = snapshot;
    const told = (): string => `${name} (${snapshot.state}): ${JSON.stringify({ input, output })}`;
    if (input !== undefined) {
      const { received, queued, inCallback, handled, failed, lost, returned } = input;
      if (received !== queued + inCallback + handled + failed + lost + returned) breaches.push(`law 7, input of ${told()}`);
      if (Math.min(received, queued, inCallback, handled, failed, lost, returned) < 0) breaches.push(`a negative count, input of ${told()}`);
    }
    if (output !== undefined) {
      const { emitted, delivered, buffered, discarded, dropped, lost } = output;
      if (emitted !== delivered + buffered + discarded + dropped + lost) breaches.push(`law 7, output of ${told()}`);
      if (Math.min(emitted, delivered, buffered, discarded, dropped, lost) < 0) breaches.push(`a negative count, output of ${told()}`);
    }
  }
}

/** Nothing of a producer whose consumers all give back for ever is lost as long as it lives: what it emits after its own failure is. */
export function auditLosses(lives: readonly Life[], breaches: string[]): void {
  for (const life of lives) {
    if (life.consumers.length === 0 || !life.consumers.every(isEndless)) continue;
    const { state, output } = life.snapshot;
    if ((state === "running" || state === "finishing") && ((output?.lost ?? 0) > 0 || (output?.discarded ?? 0) > 0)) breaches.push(`${life.name} (${state}) has lost ${output?.lost} events`);
    for (const { consumer } of life.consumers) {
      if (!consumer.producers.every(({ isRedelivered }) => isRedelivered)) continue;
      const { lost, failed } = consumer.snapshot.input ?? { lost: 0, failed: 0 };
      if (lost > 0 || failed > 0) breaches.push(`${consumer.name} has lost ${lost} and failed ${failed} events, that it was to give back`);
    }
  }
}

function isEndless({ isRedelivered, settings }: Life["consumers"][number]): boolean {
  return isRedelivered && settings.maxRedeliveries === ENDLESS;
}

/** When all have ended: every event is in one place, and the counts say in which. */
export function auditEnds(lives: readonly Life[], breaches: string[]): void {
  const expectCount = (what: string, got: number | undefined, expected: number): void => {
    if (got !== expected) breaches.push(`expected ${what} to be ${expected}, got: ${got}`);
  };
  for (const life of lives) {
    const { name, reports, snapshot } = life;
    if (snapshot.state !== "ended") breaches.push(`${name} has not ended: ${snapshot.state}`);
    const { input, output } = snapshot;
    if (input !== undefined) {
      const isReturned = returnedOf(life);
      const received = life.producers.flatMap((tap) => tap.received);
      const begun = life.producers.flatMap((tap) => tap.received.slice(0, tap.begun));
      const settled = new Set([...life.handled, ...life.failed]);
      expectCount(`received of ${name}`, input.received, received.length);
      expectCount(`returned of ${name}`, input.returned, life.producers.reduce((sum, tap) => sum + tap.returned.length, 0));
      expectCount(`handled of ${name}`, input.handled, life.handled.filter((token) => !isReturned(token)).length);
      expectCount(`failed of ${name}`, input.failed, life.failed.filter((token) => !isReturned(token)).length);
      expectCount(`inCallback of ${name}`, input.inCallback, begun.filter((token) => !settled.has(token) && !isReturned(token)).length);
      expectCount(`queued of ${name}`, input.queued, 0);
    }
    if (output !== undefined) {
      const failed = new Set<unknown>();
      for (const report of reports) if (report.kind === "redelivery-failed") for (const event of report.events) failed.add(event);
      const bounds = life.consumers.filter(({ isRedelivered }) => isRedelivered).map(({ settings }) => settings.maxRedeliveries);
      for (const token of life.givenUp) {
        if (token.tries <= Math.min(...bounds)) breaches.push(`${name}: ${token.number} fails, and was tried ${token.tries} times`);
        if (token.holder !== undefined) breaches.push(`${name}: ${token.number} fails, and a consumer has it`);
      }
      const most = Math.max(0, ...bounds);
      if (life.consumers.every(({ settings }) => settings.dispatcher !== "broadcast")) {
        for (const token of life.tokens) if (token.tries > most + 1) breaches.push(`${name}: ${token.number} was tried ${token.tries} times, of ${most + 1}`);
        const held = life.tokens.filter(({ holder }) => holder !== undefined).length;
        expectCount(`delivered of ${name}`, output.delivered, held);
        expectCount(`buffered of ${name}`, output.buffered, 0);
        if (life.reason?.type === "normal") expectCount(`lost of ${name}, that ended normally,`, output.lost, failed.size);
      }
    }
    const lost = reports.reduce((sum, report) => sum + (report.kind === "lost" ? report.count : 0), 0);
    if (lost > (input?.lost ?? 0) + (output?.lost ?? 0)) breaches.push(`${name} reports ${lost} lost events, and counts ${input?.lost} and ${output?.lost}`);
  }
}

function returnedOf(life: Life): (token: Life["tokens"][number]) => boolean {
  const all = new Set(life.producers.flatMap((tap) => tap.returned));
  return (token) => all.has(token);
}
