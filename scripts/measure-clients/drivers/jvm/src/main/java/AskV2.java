import java.io.BufferedReader;
import java.io.InputStreamReader;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** Asks the AWS SDK for Java v2 for the credentials of AWS_PROFILE of each folder on stdin: prints `ok KEY_ID` or `error REASON`. */
public final class AskV2 {
    public static void main(String[] words) throws Exception {
        System.setProperty("aws.profile", System.getenv().getOrDefault("AWS_PROFILE", "p"));
        BufferedReader folders = new BufferedReader(new InputStreamReader(System.in));
        for (String folder = folders.readLine(); folder != null; folder = folders.readLine()) {
            System.setProperty("user.home", folder);
            System.setProperty("aws.configFile", folder + "/.aws/config");
            System.setProperty("aws.sharedCredentialsFile", folder + "/.aws/credentials");
            String answer;
            try (DefaultCredentialsProvider provider = DefaultCredentialsProvider.builder().build()) {
                answer = "ok " + provider.resolveCredentials().accessKeyId();
            } catch (Throwable problem) {
                answer = "error " + problem.toString().replace('\n', ' ');
            }
            System.out.println(answer);
        }
        System.exit(0);
    }
}
