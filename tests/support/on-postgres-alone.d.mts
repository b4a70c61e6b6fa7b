/** @returns paths relative to the project's folder: `tests/features/…` */
export function testsOnPostgresAlone(): string[];
