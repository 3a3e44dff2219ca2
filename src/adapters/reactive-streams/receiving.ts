/** A Subscriber that feeds a producer stage: it requests what the stage is asked for, no more. */
import { post, tell, type Finding, type Port, type PushProducer, type Reporter } from "../../core/index.ts";
import { added, checkPresent, checkSubscription } from "./rules.ts";
import type { Subscriber, Subscription } from "./shapes.ts";

/** The most events of one list. */
const LIST = 1024;

/** Nothing is signalled, and no list handed over, from within a signal: the publisher may be in the middle of `request`. */
export class Receiving<Event> implements Subscriber<Event> {
  readonly #stage: PushProducer<Event>;
  readonly #handleReport: Reporter | undefined;
  #subscription: Subscription | undefined;
  /** Demanded, and not requested yet. */
  #wanted = 0;
  /** Requested, and not received. */
  #open = 0;
  #list: Event[] = [];
  #excess = 0;
  /** The publisher has said that it has ended. */
  #isEnded = false;
  /** The stage has ended. */
  #isStopped = false;

  constructor(stage: PushProducer<Event>, handleReport: Reporter | undefined) {
    this.#stage = stage;
    this.#handleReport = handleReport;
  }

  /** The stage was asked for so many events more. */
  demand(demand: number): void {
    this.#wanted = added(this.#wanted, demand);
    this.#request();
  }

  /** The stage ends. What `cancel` throws is thrown on. */
  stop(): void {
    this.#isStopped = true;
    const subscription = this.#subscription;
    this.#subscription = undefined;
    subscription?.cancel();
  }

  /** @throws TypeError for null (rule 2.13) */
  onSubscribe(subscription: Subscription): void {
    checkSubscription(subscription);
    if (this.#subscription === undefined && !this.#isEnded && !this.#isStopped) {
      this.#subscription = subscription;
      this.#request();
      return;
    }
    try {
      // Rules 2.5 and 2.6.
      subscription.cancel();
    } catch (error) {
      this.#report({ kind: "cleanup-failed", error });
    }
  }

  /** @throws TypeError for null and undefined (rule 2.13) */
  onNext(event: Event): void {
    checkPresent("the event of onNext", event);
    if (this.#isEnded) this.#report({ kind: "late-signal", partner: PUBLISHER, signal: "onNext" });
    // It has crossed the cancel (rule 2.8).
    else if (!this.#isStopped) {
      if (this.#open === 0) this.#excess += 1;
      else this.#open -= 1;
      if (this.#list.push(event) === 1) post(this.#turn, undefined);
      else if (this.#list.length === LIST) this.#flush();
    }
  }

  /** @throws TypeError for null and undefined (rule 2.13) */
  onError(error: unknown): void {
    checkPresent("the error of onError", error);
    if (this.#end()) this.#stage.fail(error);
    else this.#report({ kind: "late-failure", error });
  }

  onComplete(): void {
    if (this.#isEnded) this.#report({ kind: "late-signal", partner: PUBLISHER, signal: "onComplete" });
    else if (this.#end()) this.#stage.complete();
  }

  /** Returns whether it is the first end, of a stage that goes on. */
  #end(): boolean {
    if (this.#isEnded) return false;
    this.#flush();
    this.#isEnded = true;
    // It counts as cancelled: nothing is asked of it any more (rule 2.4).
    this.#subscription = undefined;
    return !this.#isStopped;
  }

  #request(): void {
    const subscription = this.#subscription;
    const wanted = this.#wanted;
    if (subscription === undefined || wanted === 0) return;
    this.#wanted = 0;
    this.#open = added(this.#open, wanted);
    try {
      subscription.request(wanted);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Rule 1.9 or 3.16 was broken: it cannot be asked any more. The end of the stage cancels it. */
  failed(error: unknown): void {
    this.#flush();
    this.#stage.fail(error);
  }

  #flush(): void {
    const list = this.#list;
    if (list.length === 0) return;
    this.#list = [];
    const excess = this.#excess;
    this.#excess = 0;
    if (excess > 0) this.#report({ kind: "excess-events", partner: PUBLISHER, count: excess });
    try {
      this.#stage.emit(list);
    } catch {
      // It has ended, or has failed for another reason and delivers what it has.
    }
  }

  readonly #turn: Port<undefined> = { receive: () => this.#flush() };

  #report(finding: Finding): void {
    tell(this.#handleReport, { ...finding, stage: this.#stage.name });
  }
}

const PUBLISHER = "its publisher";
