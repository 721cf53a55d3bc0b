"""What a container runs, as facts: engine, model, flags. How it is written is for launch.py."""
from dataclasses import dataclass, field

from claiming import Ask

MODELS = ["Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-0.5B-Instruct", "mistralai/Mistral-7B-Instruct-v0.3"]


@dataclass
class Engine:
    name: str
    image: str
    model_flag: str                  # that names the model
    programs: list                   # words that start it, without the model
    positional: tuple = ()           # of `programs`, those that take the model as their first word
    flags: dict = field(default_factory=dict)      # flag -> values to choose from; None: takes none
    variables: dict = field(default_factory=dict)  # flag -> the variable that says the same
    image_starts: bool = False       # its entry point is the engine
    underscores: bool = False        # --max_model_len
    shorts: dict = field(default_factory=dict)     # flag -> other spellings
    models: list = field(default_factory=lambda: MODELS)


ENGINES = [
    Engine("vllm", "vllm/vllm-openai:v0.8.5", "--model",
           [["vllm", "serve"], ["python3", "-m", "vllm.entrypoints.openai.api_server"], ["python3", "/usr/local/bin/vllm", "serve"]],
           positional=(0, 2), image_starts=True, underscores=True,
           flags={"--max-model-len": ["4096", "32768"], "--gpu-memory-utilization": ["0.5", "0.9"], "--max-num-seqs": ["16", "256"],
                  "--dtype": ["half", "bfloat16"], "--enforce-eager": None, "--quantization": ["fp8"]},
           shorts={"--quantization": ["-q"], "--gpu-memory-utilization": ["--gpu-memory-util"]}),
    Engine("sglang", "lmsysorg/sglang:v0.4.6", "--model-path",
           [["python3", "-m", "sglang.launch_server"], ["python", "-um", "sglang.launch_server"], ["sglang", "serve"]], underscores=True,
           flags={"--context-length": ["4096", "32768"], "--mem-fraction-static": ["0.5", "0.85"], "--max-running-requests": ["8", "64"]},
           shorts={"--mem-fraction-static": ["--mem-frac"], "--context-length": ["--context-len"]}),
    Engine("tgi", "ghcr.io/huggingface/text-generation-inference:3.2.0", "--model-id", [["text-generation-launcher"]],
           flags={"--max-total-tokens": ["8192"], "--max-batch-prefill-tokens": ["8192"], "--cuda-memory-fraction": ["0.5", "0.9"]},
           variables={"--model-id": "MODEL_ID", "--max-total-tokens": "MAX_TOTAL_TOKENS",
                      "--max-batch-prefill-tokens": "MAX_BATCH_PREFILL_TOKENS", "--cuda-memory-fraction": "CUDA_MEMORY_FRACTION"},
           image_starts=True),
    Engine("tei", "ghcr.io/huggingface/text-embeddings-inference:1.7", "--model-id", [["text-embeddings-router"]],
           flags={"--max-batch-tokens": ["16384", "65536"]}, models=["BAAI/bge-m3", "intfloat/multilingual-e5-large"],
           variables={"--model-id": "MODEL_ID", "--max-batch-tokens": "MAX_BATCH_TOKENS"}, image_starts=True),
    Engine("llama.cpp", "ghcr.io/ggml-org/llama.cpp:server-cuda", "--hf-repo", [["llama-server"]],
           flags={"--ctx-size": ["8192", "65536"], "--n-gpu-layers": ["99"], "--parallel": ["4"]},
           models=["bartowski/Qwen2.5-7B-Instruct-GGUF:Q8_0", "bartowski/Qwen2.5-7B-Instruct-GGUF:Q4_K_M"], image_starts=True,
           shorts={"--ctx-size": ["-c"], "--n-gpu-layers": ["-ngl", "--gpu-layers"], "--parallel": ["-np"], "--hf-repo": ["-hf"]},
           variables={"--hf-repo": "LLAMA_ARG_HF_REPO", "--ctx-size": "LLAMA_ARG_CTX_SIZE", "--n-gpu-layers": "LLAMA_ARG_N_GPU_LAYERS",
                      "--parallel": "LLAMA_ARG_N_PARALLEL"}),
    Engine("ollama", "ollama/ollama:0.6.5", "OLLAMA_MODEL", [["ollama", "serve"]], models=["qwen2.5:7b", "llama3.1:8b"],
           flags={"OLLAMA_CONTEXT_LENGTH": ["8192", "32768"], "OLLAMA_NUM_PARALLEL": ["1", "4"]}, image_starts=True,
           variables={v: v for v in ("OLLAMA_MODEL", "OLLAMA_CONTEXT_LENGTH", "OLLAMA_NUM_PARALLEL")}),
    Engine("nim", "nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.0", "", [], models=[""],
           flags={"NIM_MAX_MODEL_LEN": ["4096", "32768"], "NIM_TENSOR_PARALLEL_SIZE": ["1"]}, image_starts=True,
           variables={v: v for v in ("NIM_MAX_MODEL_LEN", "NIM_TENSOR_PARALLEL_SIZE")}),
]
SLICES = ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "7g.80gb"]


@dataclass
class Serving:
    engine: Engine
    flags: list                      # (flag, value or None), the model among them
    resource: str
    count: int
    ask: Ask | None = None           # by a claim (DRA), in place of the resource

    @staticmethod
    def any(rng):
        engine = rng.choice(ENGINES)
        flags = [(engine.model_flag, rng.choice(engine.models))] if engine.model_flag else []
        for flag, values in engine.flags.items():
            if rng.random() < 0.5:
                flags.append((flag, rng.choice(values) if values else None))
        whole = rng.random() < 0.2
        resource = "nvidia.com/gpu" if whole else "nvidia.com/mig-" + rng.choice(SLICES)
        return Serving(engine, flags, resource, rng.choice([1, 1, 1, 2]), Ask.any(rng) if rng.random() < 0.4 else None)
