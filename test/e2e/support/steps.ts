/** Why a step was not taken. */
export class EarlierStepFailed extends Error {
  constructor(step: string) {
    super(`Not tried, because an earlier step failed: ${step}`);
    this.name = 'EarlierStepFailed';
    // where it was thrown says nothing
    this.stack = `${this.name}: ${this.message}`;
  }
}

/**
 * Makes the tests of the `describe` around it steps of one story: once one of them failed, each that follows fails with
 * that reason, without running into what is left. Other suites are not concerned.
 */
export function stepByStep(): void {
  let failed: string | undefined;
  beforeEach(function () {
    const earlier = failed;
    if (earlier === undefined || this.currentTest === undefined) return;
    // A hook that throws would leave the other steps out of the result altogether.
    this.currentTest.fn = () => {
      throw new EarlierStepFailed(earlier);
    };
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') failed ??= this.currentTest.title;
  });
}
