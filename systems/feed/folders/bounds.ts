export const FOLDERS_MAX = 100;
export const FOLDER_NAME_CHARS_MAX = 60;
