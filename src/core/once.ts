/** Something that happens once, as a promise that is made when somebody looks at it: most stages end unobserved. */
export class Once<Value> {
  #promise: Promise<Value> | undefined;
  #resolve: ((value: Value) => void) | undefined;
  #outcome: { readonly value: Value } | undefined;

  /** Never rejects. */
  get promise(): Promise<Value> {
    this.#promise ??= new Promise((resolve) => {
      if (this.#outcome === undefined) this.#resolve = resolve;
      else resolve(this.#outcome.value);
    });
    return this.#promise;
  }

  /** Whether somebody has looked. */
  get isRead(): boolean {
    return this.#promise !== undefined;
  }

  /** It happens; later calls change nothing. */
  resolve(value: Value): void {
    this.#outcome ??= { value };
    this.#resolve?.(value);
  }
}
