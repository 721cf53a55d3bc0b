#include "observe/metrics/metric.hpp"

#include <array>

namespace rightslice::observe::metrics {
namespace {

using enum Measure;

// The index of a row is the value of its measure.
constexpr std::array<MeasureRow, kMeasures> kMeasureRows{{
    {KvUsage, "kvUsage", "KV cache in use", Unit::Percent, Sort::Gauge, false, false},
    {Waiting, "waiting", "requests waiting", Unit::Requests, Sort::Gauge, true, false},
    {Running, "running", "requests in work", Unit::Requests, Sort::Gauge, true, false},
    {Preemptions, "preemptions", "preemptions", Unit::Times, Sort::Counter, true, false},
    {PromptTokens, "promptTokens", "tokens read", Unit::Tokens, Sort::Counter, true, false},
    {GeneratedTokens, "generatedTokens", "tokens written", Unit::Tokens, Sort::Counter, true, false},
    {Requests, "requests", "requests ended", Unit::Requests, Sort::Counter, true, false},
    {FramebufferUsed, "framebufferUsed", "device memory in use", Unit::Bytes, Sort::Gauge, true, false},
    {FramebufferFree, "framebufferFree", "device memory free", Unit::Bytes, Sort::Gauge, true, true},
    {GpuActive, "gpuActive", "time with a kernel running", Unit::Percent, Sort::Gauge, false, false},
    {Restarts, "restarts", "restarts", Unit::Times, Sort::Counter, true, false},
    {Settings, "settings", "settings of the engine", Unit::None, Sort::Info, false, false},
}};

constexpr double kRatio = 100, kMiB = 1048576;

// Sources. vLLM: vllm/v1/metrics/loggers.py; kv_cache_usage_perc was gpu_cache_usage_perc before 0.9 (pull request 18354), and both are
// ratios from 0 to 1 whatever their names say. SGLang: srt/metrics/collector.py (num_retracted_reqs is a gauge and says nothing of how
// often). TGI: router/src/infer, launcher docs "metrics". TEI: router/src/lib.rs. llama.cpp: tools/server/README.md, /metrics
// (kv_cache_usage_ratio went in 2025). LMDeploy: lmdeploy/metrics/loggers.py. NIM: "Observability for NIM for LLMs" (no prefix); newer
// images have vLLM's names. vLLM under Ray Serve: its names without the colon, behind "ray_" (docs.ray.io, Serve LLM, "Observability and
// monitoring"). TensorRT-LLM under Triton: triton_backend, "Triton metrics"; trtllm-serve, and Dynamo: tensorrt_llm/metrics/collector.py
// (on /prometheus/metrics). Triton: docs/user_guide/metrics.md.
// DCGM exporter: etc/default-counters.csv (MiB). kube-state-metrics: docs/metrics/workload/pod-metrics.md. Ollama publishes none.
constexpr MetricRow kRows[] = {
    {KvUsage, "vllm:kv_cache_usage_perc", "vllm", kRatio},
    {KvUsage, "vllm:gpu_cache_usage_perc", "vllm", kRatio},
    {KvUsage, "ray_vllm_kv_cache_usage_perc", "vllm", kRatio},
    {KvUsage, "ray_vllm_gpu_cache_usage_perc", "vllm", kRatio},
    {KvUsage, "sglang:token_usage", "sglang", kRatio},
    {KvUsage, "lmdeploy:gpu_cache_usage_perc", "lmdeploy", kRatio},
    {KvUsage, "nv_trt_llm_kv_cache_block_metrics", "tensorrt-llm", kRatio, "kv_cache_block_type", "fraction"},
    {KvUsage, "trtllm_kv_cache_utilization", "tensorrt-llm", kRatio},
    {KvUsage, "llamacpp:kv_cache_usage_ratio", "llama.cpp", kRatio},
    {KvUsage, "gpu_cache_usage_perc", "nim", kRatio},
    {Waiting, "vllm:num_requests_waiting", "vllm", 1},
    {Waiting, "ray_vllm_num_requests_waiting", "vllm", 1},
    {Waiting, "sglang:num_queue_reqs", "sglang", 1},
    {Waiting, "tgi_queue_size", "tgi", 1},
    {Waiting, "te_queue_size", "tei", 1},
    {Waiting, "lmdeploy:num_requests_waiting", "lmdeploy", 1},
    {Waiting, "nv_trt_llm_request_metrics", "tensorrt-llm", 1, "request_type", "waiting"},
    {Waiting, "trtllm_num_requests_waiting", "tensorrt-llm", 1},
    {Waiting, "nv_inference_pending_request_count", "triton", 1},
    {Waiting, "llamacpp:requests_deferred", "llama.cpp", 1},
    {Waiting, "num_requests_waiting", "nim", 1},
    {Running, "vllm:num_requests_running", "vllm", 1},
    {Running, "ray_vllm_num_requests_running", "vllm", 1},
    {Running, "sglang:num_running_reqs", "sglang", 1},
    {Running, "tgi_batch_current_size", "tgi", 1},
    {Running, "lmdeploy:num_requests_running", "lmdeploy", 1},
    {Running, "nv_trt_llm_request_metrics", "tensorrt-llm", 1, "request_type", "active"},
    {Running, "trtllm_num_requests_running", "tensorrt-llm", 1},
    {Running, "llamacpp:requests_processing", "llama.cpp", 1},
    {Running, "num_requests_running", "nim", 1},
    {Preemptions, "vllm:num_preemptions_total", "vllm", 1},
    {Preemptions, "ray_vllm_num_preemptions_total", "vllm", 1},
    {Preemptions, "sglang:num_retracted_requests_total", "sglang", 1},
    {PromptTokens, "vllm:prompt_tokens_total", "vllm", 1},
    {PromptTokens, "ray_vllm_prompt_tokens_total", "vllm", 1},
    {PromptTokens, "sglang:prompt_tokens_total", "sglang", 1},
    {PromptTokens, "tgi_request_input_length_sum", "tgi", 1},
    {PromptTokens, "lmdeploy:prompt_tokens_total", "lmdeploy", 1},
    {PromptTokens, "trtllm_prompt_tokens_total", "tensorrt-llm", 1},
    {PromptTokens, "llamacpp:prompt_tokens_total", "llama.cpp", 1},
    {PromptTokens, "prompt_tokens_total", "nim", 1},
    {GeneratedTokens, "vllm:generation_tokens_total", "vllm", 1},
    {GeneratedTokens, "ray_vllm_generation_tokens_total", "vllm", 1},
    {GeneratedTokens, "sglang:generation_tokens_total", "sglang", 1},
    {GeneratedTokens, "tgi_request_generated_tokens_sum", "tgi", 1},
    {GeneratedTokens, "lmdeploy:generation_tokens_total", "lmdeploy", 1},
    {GeneratedTokens, "trtllm_generation_tokens_total", "tensorrt-llm", 1},
    {GeneratedTokens, "llamacpp:tokens_predicted_total", "llama.cpp", 1},
    {GeneratedTokens, "generation_tokens_total", "nim", 1},
    {Requests, "vllm:request_success_total", "vllm", 1},
    {Requests, "ray_vllm_request_success_total", "vllm", 1},
    {Requests, "sglang:num_requests_total", "sglang", 1},
    {Requests, "tgi_request_count", "tgi", 1},
    {Requests, "te_request_count", "tei", 1},
    {Requests, "trtllm_request_success_total", "tensorrt-llm", 1},
    {Requests, "nv_inference_request_success", "triton", 1},
    {FramebufferUsed, "DCGM_FI_DEV_FB_USED", "dcgm", kMiB},
    {FramebufferFree, "DCGM_FI_DEV_FB_FREE", "dcgm", kMiB},
    {GpuActive, "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "dcgm", kRatio},
    {Restarts, "kube_pod_container_status_restarts_total", "kube-state-metrics", 1},
    {Settings, "vllm:cache_config_info", "vllm", 1},
    {Settings, "ray_vllm_cache_config_info", "vllm", 1},
};

constexpr std::array<std::string_view, 6> kUnits{"%", "requests", "tokens", "times", "bytes", ""};

}  // namespace

const MeasureRow& rowOf(Measure measure) { return kMeasureRows[static_cast<std::size_t>(measure)]; }
std::span<const MetricRow> metricRows() { return kRows; }
Measure batchOf(Measure measure) { return measure == FramebufferFree ? FramebufferUsed : measure; }
std::string_view name(Unit unit) { return kUnits[static_cast<std::size_t>(unit)]; }

}  // namespace rightslice::observe::metrics
