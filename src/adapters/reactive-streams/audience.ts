import { post, type Port } from "../../core/index.ts";

/** Who waits for events. */
interface Member {
  /** Requested, and neither signalled nor at hand. */
  readonly missing: number;
  /** Asks its producers for what is wanted: for all of it, or for what is worth a list. `most`: what one of its audience misses. */
  ask(isAll: boolean, most: number): void;
}

/**
 * The Subscribers that get every event alike, of one broadcast: what one of them requests, all must be able to take. Everybody
 * else is an audience of one.
 */
export class Audience {
  readonly #members = new Set<Member>();
  #isPosted = false;
  #isAll = false;

  add(member: Member): void {
    this.#members.add(member);
  }

  delete(member: Member): void {
    this.#members.delete(member);
  }

  /** A member has taken what was signalled: it asks at once if it is alone, otherwise with all others. */
  took(member: Member): void {
    if (this.#members.size < 2) member.ask(false, 0);
    else this.askLater(false);
  }

  /** All requests of one turn are one ask. Those from within a signal (not `isAll`) are the member's own concern, if it is alone. */
  askLater(isAll: boolean): void {
    if (!isAll && this.#members.size < 2) return;
    this.#isAll ||= isAll;
    if (this.#isPosted) return;
    this.#isPosted = true;
    post(this.#turn, undefined);
  }

  readonly #turn: Port<undefined> = {
    receive: () => {
      const isAll = this.#isAll;
      this.#isPosted = false;
      this.#isAll = false;
      let most = 0;
      for (const { missing } of this.#members) most = Math.max(most, missing);
      for (const member of this.#members) member.ask(isAll, most);
    },
  };
}
