import type { Wheel } from './wheels.js';

/**
 * The pinned files of the Python package index that contain TensorFlow's native library.
 *
 * The NVIDIA libraries are those that `tensorflow[and-cuda]` 2.21.0 requires, in the newest version that it allows, without
 * the CUDA compiler, which only XLA's just-in-time compilation uses.
 */

export const tensorflowVersion = '2.21.0';

/** By `process.arch`: the library for the CPU */
export const cpuWheels: Readonly<Record<string, Wheel>> = {
  x64: {
    project: 'tensorflow-cpu',
    version: '2.21.0',
    platform: 'manylinux_2_27_x86_64',
    size: 273_829_956,
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  },
  arm64: {
    project: 'tensorflow',
    version: '2.21.0',
    platform: 'manylinux_2_27_aarch64',
    size: 281_828_020,
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  },
};

/** For x64: the library for NVIDIA GPUs */
export const gpuWheel: Wheel = {
  project: 'tensorflow',
  version: '2.21.0',
  platform: 'manylinux_2_27_x86_64',
  size: 572_440_367,
  sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
};

/** The NVIDIA libraries that it loads */
export const nvidiaWheels: readonly Wheel[] = [
  {
    project: 'nvidia-cublas-cu12',
    version: '12.9.3.13',
    platform: 'manylinux_2_27_x86_64',
    size: 581_217_458,
    sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
  },
  {
    project: 'nvidia-cuda-cupti-cu12',
    version: '12.8.90',
    platform: 'manylinux2014_x86_64',
    size: 10_248_621,
    sha256: 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182',
  },
  {
    project: 'nvidia-cuda-nvrtc-cu12',
    version: '12.9.86',
    platform: 'manylinux2010_x86_64',
    size: 89_568_129,
    sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
  },
  {
    project: 'nvidia-cuda-runtime-cu12',
    version: '12.9.79',
    platform: 'manylinux2014_x86_64',
    size: 3_493_179,
    sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
  },
  {
    project: 'nvidia-cudnn-cu12',
    version: '9.28.0.42',
    platform: 'manylinux_2_27_x86_64',
    size: 716_538_495,
    sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
  },
  {
    project: 'nvidia-cufft-cu12',
    version: '11.4.1.4',
    platform: 'manylinux2014_x86_64',
    size: 200_877_592,
    sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
  },
  {
    project: 'nvidia-curand-cu12',
    version: '10.3.10.19',
    platform: 'manylinux_2_27_x86_64',
    size: 68_295_626,
    sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
  },
  {
    project: 'nvidia-cusolver-cu12',
    version: '11.7.5.82',
    platform: 'manylinux_2_27_x86_64',
    size: 338_117_415,
    sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
  },
  {
    project: 'nvidia-cusparse-cu12',
    version: '12.5.10.65',
    platform: 'manylinux2014_x86_64',
    size: 366_465_088,
    sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
  },
  {
    project: 'nvidia-nccl-cu12',
    version: '2.32.3',
    platform: 'manylinux_2_27_x86_64',
    size: 351_526_311,
    sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
  },
  {
    project: 'nvidia-nvjitlink-cu12',
    version: '12.9.86',
    platform: 'manylinux2010_x86_64',
    size: 39_748_338,
    sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
  },
];
