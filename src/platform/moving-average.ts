/** The weight of the latest sample. */
const share = 0.1;

/**
 * A sample counts as at most this multiple of the average: a process that was suspended for an hour did not work for an
 * hour.
 */
const mostTimes = 10;

/**
 * An average of positive samples that follows the latest ones: after ten samples they make up about two thirds of it.
 */
export class MovingAverage {
  #value: number;

  /** @param guess the value before the first sample */
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
