import { readFileSync } from "node:fs";

/** CPU time that a process has used so far, in ms; null if the system does not report it (only Linux does). */
export function cpuOf(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10; // ticks of 1/100 s
  } catch {
    return null;
  }
}

/** Resident memory of a process in MB; null if the system does not report it. */
export function residentMegabytes(pid: number): number | null {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1_024;
  } catch {
    return null;
  }
}
