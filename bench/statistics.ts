/** The value that `share` of the samples do not exceed (nearest rank); 0.5 is the median. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((one, other) => one - other);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error("There are no samples");
  return value;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** Milliseconds as text. */
export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

export const times = (ratio: number): string => `${ratio.toFixed(2)} x`;
