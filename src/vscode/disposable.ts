/** What its owner must end: subscriptions, emitters, timers, views. */
export interface Disposable {
  dispose(): void;
}
