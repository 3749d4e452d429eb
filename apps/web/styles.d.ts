/** The bundler takes style sheets that a module names; they have no exports. */
declare module "*.css";
