/** The bundler takes style sheets that a module names; they have no exports. */
declare module "*.css";

/** Where the simulator of limits is, a program for a worker; the build says it. */
declare const PAGE_SIMULATOR: string;
