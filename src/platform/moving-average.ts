/** How much the latest sample weighs. */
const share = 0.1;

/** A sample counts as at most so many times the average: a process that slept for an hour did not work for an hour. */
const mostTimes = 10;

/** An average of positive samples that follows the latest ones: after ten samples about two thirds of it are theirs. */
export class MovingAverage {
  #value: number;

  /** @param guess what it says until there are samples */
  constructor(guess: number) {
    this.#value = guess;
  }

  get value(): number {
    return this.#value;
  }

  add(sample: number): void {
    this.#value += share * (Math.min(sample, mostTimes * this.#value) - this.#value);
  }
}
