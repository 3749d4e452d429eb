/**
 * A seccomp program in classic BPF, as bubblewrap's `--seccomp` reads it. It denies what a decoder never needs and what
 * kernel escapes are made of; everything else passes. Constants are the kernel's (`linux/filter.h`, `linux/audit.h`,
 * `asm/unistd_64.h`, `asm-generic/unistd.h`).
 */

const LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_GREATER_EQUAL = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const JUMP_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const errno = (code: number) => 0x00050000 | code;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** Offsets in `struct seccomp_data`; both machines are little-endian, so the low half of an argument comes first. */
const AT_NUMBER = 0;
const AT_ARCH = 4;
const AT_ARG0 = 16;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const CLONE_NEW_ANY = 0x7e020000;
const AF_UNIX = 1;
/** Numbers from here on are the x32 table, a second door to the same calls. */
const X32_FROM = 0x40000000;

interface Machine {
  audit: number;
  x32: boolean;
  clone: number;
  clone3: number;
  socket: number;
  denied: readonly number[];
}

/** From 424 on, every machine has the same numbers: io_uring_*, the new mount calls, pidfd_getfd, memfd_secret. */
const DENIED_EVERYWHERE = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 443, 447];

const MACHINES: Record<string, Machine> = {
  x64: {
    audit: 0xc000003e,
    x32: true,
    clone: 56,
    clone3: 435,
    socket: 41,
    denied: [
      // ptrace, syslog, personality, uselib, ustat, sysfs, vhangup, modify_ldt, pivot_root, _sysctl, adjtimex, chroot, acct
      101,
      103, 135, 134, 136, 139, 153, 154, 155, 156, 159, 161, 163,
      // settimeofday, mount, umount2, swapon, swapoff, reboot, sethostname, setdomainname, iopl, ioperm
      164, 165, 166, 167, 168, 169, 170, 171, 172, 173,
      // create_module, init_module, delete_module, get_kernel_syms, query_module, quotactl, nfsservctl
      174, 175, 176, 177, 178, 179, 180,
      // lookup_dcookie, clock_settime, kexec_load, add_key, request_key, keyctl, migrate_pages, unshare, move_pages
      212, 227, 246, 248, 249, 250, 256, 272, 279,
      // perf_event_open, fanotify_init, name_to_handle_at, open_by_handle_at, clock_adjtime, setns, process_vm_readv/writev
      298,
      300, 303, 304, 305, 308, 310, 311,
      // kcmp, finit_module, kexec_file_load, bpf, userfaultfd
      312, 313, 320, 321, 323,
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    x32: false,
    clone: 220,
    clone3: 435,
    socket: 198,
    denied: [
      // lookup_dcookie, umount2, mount, pivot_root, nfsservctl, chroot, vhangup, quotactl, acct, personality, unshare
      18, 39, 40, 41, 42, 51, 58, 60, 89, 92, 97,
      // kexec_load, init_module, delete_module, clock_settime, syslog, ptrace, reboot, sethostname, setdomainname
      104, 105, 106, 112, 116, 117, 142, 161, 162,
      // settimeofday, adjtimex, add_key, request_key, keyctl, swapon, swapoff, migrate_pages, move_pages, perf_event_open
      170,
      171, 217, 218, 219, 224, 225, 238, 239, 241,
      // fanotify_init, name_to_handle_at, open_by_handle_at, clock_adjtime, setns, process_vm_readv/writev, kcmp, finit_module
      262,
      264, 265, 266, 268, 270, 271, 272, 273,
      // bpf, userfaultfd, kexec_file_load
      280, 282, 294,
    ],
  },
};

/**
 * The filter's bytes for this machine, or null where we have no table for it.
 * @param arch as `process.arch` says it
 */
export function seccompProgram(arch: string): Uint8Array<ArrayBuffer> | null {
  const machine = MACHINES[arch];
  if (!machine) return null;
  const denied = [...new Set([...machine.denied, ...DENIED_EVERYWHERE])];
  const program: [code: number, jumpTrue: number, jumpFalse: number, k: number][] = [
    [LOAD_WORD, 0, 0, AT_ARCH],
    [JUMP_EQUAL, 1, 0, machine.audit],
    [RETURN, 0, 0, KILL],
    [LOAD_WORD, 0, 0, AT_NUMBER],
  ];
  if (machine.x32) program.push([JUMP_GREATER_EQUAL, 0, 1, X32_FROM], [RETURN, 0, 0, errno(ENOSYS)]);
  // A jump is 8 bits wide, so each denied number carries its own return: two instructions instead of a far jump.
  for (const number of denied) program.push([JUMP_EQUAL, 0, 1, number], [RETURN, 0, 0, errno(EPERM)]);
  // clone3 hides its flags behind a pointer, which a filter cannot read. ENOSYS makes libc take clone instead.
  program.push([JUMP_EQUAL, 0, 1, machine.clone3], [RETURN, 0, 0, errno(ENOSYS)]);
  program.push(
    [JUMP_EQUAL, 0, 4, machine.clone],
    [LOAD_WORD, 0, 0, AT_ARG0],
    [JUMP_ANY_BIT, 0, 1, CLONE_NEW_ANY],
    [RETURN, 0, 0, errno(EPERM)],
    [RETURN, 0, 0, ALLOW],
  );
  // The network namespace is empty, but vsock and others do not live in it: only unix sockets may be made.
  program.push(
    [JUMP_EQUAL, 0, 3, machine.socket],
    [LOAD_WORD, 0, 0, AT_ARG0],
    [JUMP_EQUAL, 1, 0, AF_UNIX],
    [RETURN, 0, 0, errno(EAFNOSUPPORT)],
    [RETURN, 0, 0, ALLOW],
  );
  const view = new DataView(new ArrayBuffer(program.length * 8));
  for (const [i, [code, jumpTrue, jumpFalse, k]] of program.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jumpTrue);
    view.setUint8(i * 8 + 3, jumpFalse);
    view.setUint32(i * 8 + 4, k, true);
  }
  return new Uint8Array(view.buffer);
}
