export function problemOf(text: string): string | null;
