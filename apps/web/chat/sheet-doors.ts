import { lazy } from "react";

/** Loaded together, when the first of them is opened. */
const sheets = () => import("./sheets.ts");

export const AboutSheet = lazy(async () => ({ default: (await sheets()).AboutSheet }));
export const BrowseSheet = lazy(async () => ({ default: (await sheets()).BrowseSheet }));
export const DeedsSheet = lazy(async () => ({ default: (await sheets()).DeedsSheet }));
export const EditDialog = lazy(async () => ({ default: (await sheets()).EditDialog }));
export const EditsSheet = lazy(async () => ({ default: (await sheets()).EditsSheet }));
export const ForwardSheet = lazy(async () => ({ default: (await sheets()).ForwardSheet }));
export const PinsSheet = lazy(async () => ({ default: (await sheets()).PinsSheet }));
export const ReadersSheet = lazy(async () => ({ default: (await sheets()).ReadersSheet }));
export const ScheduledSheet = lazy(async () => ({ default: (await sheets()).ScheduledSheet }));
export const SearchSheet = lazy(async () => ({ default: (await sheets()).SearchSheet }));
export const StartSheet = lazy(async () => ({ default: (await sheets()).StartSheet }));
export const StatusSheet = lazy(async () => ({ default: (await sheets()).StatusSheet }));
export const Switcher = lazy(async () => ({ default: (await sheets()).Switcher }));
export const ThreadsSheet = lazy(async () => ({ default: (await sheets()).ThreadsSheet }));
