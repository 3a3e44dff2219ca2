/** The uncaught exceptions of a test that expects some. The runner does not see them meanwhile; dispose of it to end that. */
export class Uncaught implements Disposable {
  readonly errors: unknown[] = [];

  constructor() {
    process.setUncaughtExceptionCaptureCallback((error: unknown) => this.errors.push(error));
  }

  [Symbol.dispose](): void {
    process.setUncaughtExceptionCaptureCallback(null);
  }
}
