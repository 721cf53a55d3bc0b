// Every limit and deadline of the program, in one table.
#pragma once
#include <chrono>
#include <cstddef>

namespace rightslice::limits {

// What we read.
constexpr std::size_t kMaxBodyBytes = 8U << 20;        // a legal AdmissionReview carries object and oldObject of 3 MiB each
constexpr std::size_t kMaxHeaderBytes = 16U << 10;
constexpr int kMaxDepth = 128;                         // of JSON and YAML alike
constexpr std::size_t kMaxFileBytes = 64U << 20;       // one manifest or policy file
constexpr std::size_t kMaxYamlNodes = 2'000'000;       // one document, aliases expanded
constexpr std::size_t kMaxAsks = 2'000;                // limits and requests that name a GPU, and claims, of one object
constexpr std::size_t kMaxContainers = 10'000;          // of one object, whatever they ask for: each takes 4 KiB while it is judged
constexpr std::size_t kMaxWords = 50'000;               // of commands, arguments and environments of one object: each can take 500 bytes
constexpr std::size_t kMaxSelected = 500;              // terms and values by which a pod template selects GPU products
constexpr std::size_t kMaxModelName = 4096;            // PATH_MAX of Linux; a longer one names no model

// What we answer.
constexpr std::size_t kMaxWarningCodePoints = 120;     // guideline of kube-apiserver; longer ones are cut
constexpr std::size_t kMaxWarnings = 30;               // 4096 characters in total is kube-apiserver's own cap
constexpr std::size_t kMaxMessageBytes = 4096;
constexpr std::size_t kMaxNoteBytes = 1024;            // of an Event: kubernetes/pkg/apis/core/validation/events.go

// How long we wait.
constexpr std::chrono::milliseconds kAnswerMargin{100};     // kept back from ?timeout=
constexpr std::chrono::milliseconds kReviewDeadline{9000};  // when the request names none
constexpr std::chrono::seconds kHandshakeTimeout{10};
constexpr std::chrono::seconds kHeaderTimeout{32};
constexpr std::chrono::seconds kBodyTimeout{30};
constexpr std::chrono::seconds kWriteTimeout{30};
constexpr std::chrono::seconds kIdleTimeout{120};           // kube-apiserver drops idle connections after 90 s
constexpr std::chrono::seconds kFilePollInterval{2};        // policies and certificates, by content
constexpr std::chrono::seconds kShutdownDelay{5};
constexpr std::chrono::seconds kDrainTimeout{20};
constexpr std::size_t kMemoBytes = 4U << 20;            // of answers given before
constexpr std::size_t kMaxConnections = 10'000;

}  // namespace rightslice::limits
