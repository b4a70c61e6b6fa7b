/** @returns paths from the project's folder: `tests/features/…` */
export function testsOnPostgresAlone(): string[];
