import aws.sdk.kotlin.runtime.auth.credentials.DefaultChainCredentialsProvider
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking

/** Asks the AWS SDK for Kotlin for the credentials of AWS_PROFILE of each folder on stdin: prints `ok KEY_ID` or `error REASON`. */
fun main() {
    System.setProperty("aws.profile", System.getenv("AWS_PROFILE") ?: "p")
    generateSequence(::readLine).forEach { folder ->
        System.setProperty("user.home", folder)
        System.setProperty("aws.configFile", "$folder/.aws/config")
        System.setProperty("aws.sharedCredentialsFile", "$folder/.aws/credentials")
        val answer = try {
            runBlocking { "ok " + DefaultChainCredentialsProvider().resolve().accessKeyId }
        } catch (problem: Throwable) {
            val reasons = generateSequence(problem) { it.cause } + problem.suppressedExceptions
            "error " + reasons.joinToString(": ") { it.toString() }.replace('\n', ' ')
        }
        println(answer)
    }
    exitProcess(0)
}
