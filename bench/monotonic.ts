/** The machine's monotonic clock in milliseconds. It is the same in every process. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;
